"""A peer that floods a busy application is held by TCP: nothing is lost, nothing piles up, and nobody else feels it."""

import base64
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.frames import Frame, Opcode

from calls.lab.rig import free_port
from tests.live.test_demo import ROOT
from voiceapp.server.http_requests import MOST_PAGE_BYTES
from voiceapp.server.websocket import MOST_MESSAGES, MOST_UNANSWERED_BYTES

pytestmark = pytest.mark.live
PATIENCE_S = 30.0
MESSAGES = 100_000
"""Thirty megabytes: more than the two kernels' buffers take."""
BOUND_BYTES = 15_000_000
"""Of memory, for the flood and for what else the server is asked here; half of what was sent."""
ONE_READ_BYTES = 1 << 16
"""The most that a transport hands over at once."""


def text(said):
    return Frame(Opcode.TEXT, str(said).ljust(300).encode()).serialize(mask=True)


class Peer:
    """A client that may speak before it is let in."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        key = base64.b64encode(bytes(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def is_let_in(self):
        while (line := self.file.readline()) != b"\r\n":
            assert line.startswith(b"HTTP/1.1 101") or b":" in line

    def flood(self):
        for start in range(0, MESSAGES, 100):
            self.socket.sendall(b"".join(map(text, range(start, start + 100))))
        self.socket.sendall(text("end"))

    def hears(self):
        length = self.file.read(2)[1]
        if length == 126:
            length = int.from_bytes(self.file.read(2), "big")
        return self.file.read(length).decode().strip()


class Server:
    def __init__(self, port):
        self.port = port

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310 - loopback
            return json.load(response)

    def state_where(self, holds):
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            if holds(state := self.ask("/state")):
                return state
        raise AssertionError(state)


@contextlib.contextmanager
def flooded_server(tmp_path, ping_s):
    port, ready = free_port(), tmp_path / "ready"
    command = [sys.executable, "-m", "tests.live.flooded_server", str(port), str(ping_s), str(ready)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until_s = time.monotonic() + PATIENCE_S
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < until_s
            time.sleep(0.02)
        server = Server(port)
        yield server
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("path", ["/ws/connecting", "/ws/deaf"])
def test_a_flood_waits_in_the_peers_own_buffers(tmp_path, path):
    with flooded_server(tmp_path, ping_s=60) as server, ThreadPoolExecutor(1) as pool, Peer(server.port, path) as peer:
        before = server.state_where(lambda state: path in state["sockets"])
        flooding = pool.submit(peer.flood)
        server.state_where(lambda state: state["held"])

        with Peer(server.port, "/ws/echo") as other:
            other.is_let_in()
            for said in range(200):
                other.socket.sendall(text(said))
                assert other.hears() == str(said)
        assert server.ask("/admin/state", b"b" * MOST_PAGE_BYTES)["body_bytes"] == MOST_PAGE_BYTES

        assert not flooding.done()
        state = server.ask("/state")
        assert state["messages"] <= MOST_MESSAGES
        assert state["buffered_bytes"] <= MOST_UNANSWERED_BYTES + ONE_READ_BYTES
        assert state["most_memory_bytes"] - before["most_memory_bytes"] < BOUND_BYTES

        server.ask("/open", b"")
        peer.is_let_in()
        assert peer.hears() == f"{MESSAGES} of {MESSAGES} in order"
        flooding.result()
        after = server.ask("/state")
        assert after["held"] == 0
        assert after["most_memory_bytes"] - before["most_memory_bytes"] < BOUND_BYTES


def test_a_peer_that_is_held_for_ever_is_given_up_by_its_pings(tmp_path):
    with flooded_server(tmp_path, ping_s=1) as server, ThreadPoolExecutor(1) as pool:
        with Peer(server.port, "/ws/deaf") as peer:
            peer.is_let_in()
            flooding = pool.submit(peer.flood)
            server.state_where(lambda state: state["held"])
            assert isinstance(flooding.exception(PATIENCE_S), ConnectionError)
        server.ask("/open", b"")
        assert server.state_where(lambda state: state["gone"])["gone"] == ["/ws/deaf"]
