"""A server process ends when it is told to, and forgets what is over, whatever its peers and its application do."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from calls.lab.rig import free_port
from tests.databases import put_migrated_database
from tests.live.test_demo import ROOT
from tests.live.test_flood import Peer, Server

pytestmark = pytest.mark.live
START_S = 120.0
TOKEN = "t"  # noqa: S105 - of servers that live for one test
REQUESTS = 2000
GROWTH_BYTES = 5_000_000
"""Of memory over 10 000 requests, by the issue; ``benchmarks.attacks`` makes as many."""


class Process(Server):
    """``with Process(folder) as process``: a server that answers until left, on a migrated SQLite database unless it is
    given another. ``command``: its port comes behind."""

    checkout = ROOT

    def __init__(self, folder, *command, **environment):
        super().__init__(free_port())
        self.log = folder / f"server-{self.port}.log"
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        own = {
            "DEBUG": "1",
            "VAR_DIR": str(folder),
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DRAIN_TIMEOUT_S": "0",
            "STT_EMULATOR_HOST": "127.0.0.1:9",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }
        if "DATABASE_URL" not in environment and not (folder / "db.sqlite3").exists():
            put_migrated_database(folder)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, str(self.port)],
                cwd=self.checkout,
                env={**inherited, **own, **environment},
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self):
        until_s = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError):
                self.ask("/readyz")
                return self
            assert self.process.poll() is None and time.monotonic() < until_s, self.log.read_text()
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def state(self):
        return self.ask("/state")

    def ends_within(self, seconds):
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


def odd_server(folder, watchdog_s=60.0):
    return Process(folder, "-m", "tests.live.odd_server", str(watchdog_s))


def test_handshakes_without_an_answer_do_not_keep_a_process_from_ending(tmp_path):
    with odd_server(tmp_path) as process, contextlib.ExitStack() as peers:
        waiting = [peers.enter_context(Peer(process.port, "/ws/live/")) for _ in range(10)]
        for _ in range(10):
            half = peers.enter_context(socket.create_connection(("127.0.0.1", process.port)))
            half.sendall(b"GET /ws/live/ HTTP/1.1\r\nHost: x\r\nUpgr")
        # The ten sockets, of whose upgrades it remembers the requests for a second; the ten halves; this one.
        until_s = time.monotonic() + START_S
        while process.state()["connections"] < 21 and time.monotonic() < until_s:
            time.sleep(0.02)
        assert process.ends_within(5) == 0, process.log.read_text()
        for peer in waiting:
            assert peer.file.readline().startswith(b"HTTP/1.1 503 ")


def test_a_loop_that_hangs_is_ended_by_the_watchdog(tmp_path):
    with odd_server(tmp_path, watchdog_s=1.0) as process:
        with socket.create_connection(("127.0.0.1", process.port)) as peer:
            peer.sendall(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            until_s = time.monotonic() + START_S
            while "stuck" not in process.log.read_text() and time.monotonic() < until_s:
                time.sleep(0.02)
            assert process.ends_within(15) == 1
        log = process.log.read_text()
        assert "CRITICAL voiceapp.server.serve the drain hangs" in log
        assert "time.sleep(600)" in log


def requests(port, count):
    """One after the other; each is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    for _ in range(count):
        connection.request("GET", "/", headers={"X-Filling": "x" * 1000})
        assert connection.getresponse().read()
    connection.close()


def test_an_answer_that_breaks_off_costs_its_own_connection_and_no_memory(tmp_path):
    with odd_server(tmp_path) as process:
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=START_S)
            connection.request("GET", "/breaks-off")
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                connection.getresponse().read()
            connection.close()
        requests(process.port, REQUESTS)
        before = process.state_where(lambda state: state["connections"] < 5)
        requests(process.port, REQUESTS)
        after = process.state_where(lambda state: state["connections"] < 5)
        assert after["memory_bytes"] - before["memory_bytes"] < GROWTH_BYTES
        assert process.log.read_text().count("Exception inside application: deleted while it was read") == 3


def test_good_calls_lose_no_word_beside_attacks_and_a_process_that_ends(tmp_path):
    # How late a frame is on a busy machine is no property of this code, so the benchmark's own verdict is not asked.
    put_migrated_database(tmp_path / "migrated.sqlite3")
    options = ["--seconds", "50", "--requests", "500", "--logins", "6"]
    command = [sys.executable, "-m", "tests.filled", str(tmp_path / "migrated.sqlite3"), "benchmarks.attacks", *options]
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DEBUG": "1", "VAR_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert " 0 lost, 0 added" in done.stdout, done.stdout + done.stderr
    assert "5 of 5 readers got an error" in done.stdout
    assert "SIGTERM with 3 calls and 10 handshakes: code 0" in done.stdout
