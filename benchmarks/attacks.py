"""Attacks beside good calls: ``python -m benchmarks.attacks``; loopback only, and over in a minute or two.

While three calls speak, a process of its own attacks: ten unsigned POSTs of 400 MB at once (half of them in chunks),
sixty logins at once, a recording that is deleted while five clients read it and then ``--requests`` requests, and
handshakes that stay unfinished or are repeated. Then the server gets SIGTERM, with the calls still speaking. The exit
code is 1 if a word is lost, a frame is 100 ms late, memory grows by 5 MB, or the process outlives its last call by 5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import http.cookies
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import django

from tests.paths import SAMPLES

PASSWORD = "attacks"  # noqa: S105 - of a database that is dropped
BODIES, BODY_BYTES, PIECE_BYTES = 10, 400_000_000, 65_536
HANDSHAKES = 10
RECORDING_S = 3600
CALLS = 3
PATIENCE_S = 60.0
MOST_LATE_MS, MOST_GROWTH_BYTES, MOST_END_S = 100.0, 5_000_000, 5.0
PROXY = {"X-Forwarded-Proto": "https"}


# The attacker's process imports nothing of Django.


class Browser:
    """One client of the server's pages."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """An answer whose body is not read yet."""
        headers = {**PROXY, "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": self._csrf_token})
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            headers |= {"Referer": f"https://127.0.0.1:{self.connection.port}/admin/login/"}
        self.connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self.connection.getresponse()
        for said in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in http.cookies.SimpleCookie(said).items()}
        return answer

    @property
    def _csrf_token(self) -> str:
        # Behind TLS its name begins with __Host-.
        return next(value for name, value in self._cookies.items() if name.endswith("csrftoken"))

    def log_in(self, username: str) -> int:
        self.ask("/admin/login/").read()
        answer = self.ask("/admin/login/", {"username": username, "password": PASSWORD, "next": "/admin/"})
        answer.read()
        return answer.status


def send_much(port: int, chunked: bool) -> int:
    """Send an unsigned webhook; returns how many bytes were sent before the server closed."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as peer, contextlib.suppress(OSError):
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BODY_BYTES}"
        peer.sendall(f"POST /twilio/voice HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        piece = b"a" * PIECE_BYTES
        while sent < BODY_BYTES:
            peer.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
        peer.recv(PIECE_BYTES)
    return sent


def break_off(port: int, wav: str, recording: str) -> int:
    """Delete a recording while five clients read it; returns how many of them got an error."""
    browsers = [Browser(port) for _ in range(5)]
    for browser in browsers:
        browser.log_in("desk")
    answers = [browser.ask(wav) for browser in browsers]
    for answer in answers:
        answer.read(PIECE_BYTES)
    Path(recording).unlink()
    told = 0
    for answer in answers:
        try:
            answer.read()
        except (http.client.IncompleteRead, ConnectionResetError):
            told += 1
    return told


def ask_often(port: int, count: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    for _ in range(count):
        connection.request("GET", "/healthz")
        connection.getresponse().read()


def attack(port: int, pid: int, wav: str, recording: str, requests: int, logins: int) -> list[str]:
    """Run all attacks but the handshakes; returns what came of each."""
    with ThreadPoolExecutor(BODIES) as pool:
        taken = list(pool.map(lambda number: send_much(port, bool(number % 2)), range(BODIES)))
    said = [
        f"{BODIES} POSTs of {BODY_BYTES / 1e6:.0f} MB: the largest part that was taken is {max(taken) / 1e6:.1f} MB"
    ]
    with ThreadPoolExecutor(logins) as pool:
        began_s = time.monotonic()
        statuses = set(pool.map(lambda number: Browser(port).log_in(f"nobody{number}"), range(logins)))
        said.append(f"{logins} logins: {statuses} in {time.monotonic() - began_s:.1f} s")
    said.append(f"a recording deleted while it is read: {break_off(port, wav, recording)} of 5 readers got an error")
    ask_often(port, requests // 5)
    before = memory_bytes(pid)
    ask_often(port, requests)
    growth = memory_bytes(pid) - before
    said.append(f"{requests} requests after it: memory grows by {growth / 1e6:.1f} MB")
    if growth > MOST_GROWTH_BYTES:
        said.append("FAILED: memory")
    return said


def memory_bytes(pid: int) -> int:
    return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]


def shake_hands(port: int, gone: threading.Event) -> None:
    """Repeat a watcher's handshake until told to stop."""
    request = (
        "GET /ws/live/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    while not gone.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as peer:
            peer.sendall(request.encode())
            peer.recv(100)


def handshakes(port: int, halves: int, seconds: float) -> None:
    """Keep half a request open on so many connections, and repeat whole handshakes on as many, for so long."""
    gone = threading.Event()
    with contextlib.ExitStack() as stack:
        for _ in range(halves):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            half.sendall(b"GET /ws/live/ HTTP/1.1\r\nHost: x\r\nUpgr")
        repeaters = [threading.Thread(target=shake_hands, args=(port, gone)) for _ in range(halves)]
        for repeater in repeaters:
            repeater.start()
        time.sleep(seconds)
        gone.set()
        for repeater in repeaters:
            repeater.join()


# The good calls, and the server.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=100.0, help="Of each call; the attacks must fit in.")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--logins", type=int, default=60)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    django.setup()
    from calls.lab.own_database import own_database, read_own_database
    from calls.lab.rig import Rig

    processors = sorted(os.sched_getaffinity(0))
    with own_database(PASSWORD) as environment:
        read_own_database()
        from django.conf import settings

        wav, recording = make_recording()
        rig = Rig(
            SAMPLES,
            settings.VAR_DIR / "attacks.log",
            server_processors=processors[:1],
            other_processors=processors[1:],
            # Readers sign in by a password alone: what is tried is what comes behind that.
            environment={**environment, "DEBUG": "0", "DRAIN_TIMEOUT_S": "60", "SECOND_FACTOR": "off"},
            deployed=True,
        )
        os.sched_setaffinity(0, processors[1:] or processors)
        with rig:
            said = asyncio.run(run(rig, wav, recording, options))
    print("\n".join(said))
    sys.exit(any("FAILED" in line for line in said))


def make_recording() -> tuple[str, str]:
    """A call of an hour: the path of its audio's page, and its file."""
    from django.conf import settings
    from django.utils import timezone

    from calls.models import Call
    from calls.storage.recording import Recorder
    from calls.storage.recording_disk import RecordingDisk
    from stt.audio import BYTES_PER_MS

    disk = RecordingDisk()
    disk.start()
    name = "recordings/attacks.vrec"
    recorder = Recorder(settings.VAR_DIR / name, disk)
    for second in range(RECORDING_S):
        recorder.push(1000 * second, bytes(1000 * BYTES_PER_MS))
    recorder.flush()
    disk.stop(PATIENCE_S)
    now = timezone.now().isoformat()
    stream = {"started_at": now, "ended_at": now, "recording": name}
    call = Call.objects.create(call_sid="CA" + "a" * 32, streams={"MZ1": stream})
    return f"/review/calls/{call.pk}/streams/1.wav", str(settings.VAR_DIR / name)


async def run(rig, wav: str, recording: str, options: argparse.Namespace) -> list[str]:
    from calls.lab.call_records import record_of, score_of
    from calls.lab.load import Load
    from stt.emulator.recordings import Library

    recordings = Library([SAMPLES]).recordings
    load = Load(rig.line, recordings, calls=CALLS, seconds=options.seconds, seed=1)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:

        def begin(work: Callable, *arguments: object) -> asyncio.Future:
            return loop.run_in_executor(pool, work, *arguments)

        calls = asyncio.create_task(load.run(lambda: None))
        await asyncio.sleep(3)
        said = await begin(attack, rig.port, rig.server.pid, wav, recording, options.requests, options.logins)
        waiting = begin(handshakes, rig.port, HANDSHAKES, 5.0)
        await asyncio.sleep(2)
        speaking = sum(caller.speaks for caller in load.callers)
        rig.server.send_signal(signal.SIGTERM)
        await asyncio.wait([asyncio.create_task(caller.over.wait()) for caller in load.callers])
        over_s = time.monotonic()
        again = begin(handshakes, rig.port, HANDSHAKES, 1.0)
        code = await asyncio.to_thread(rig.server.wait, PATIENCE_S)
        ended_s = time.monotonic() - over_s
        await asyncio.gather(calls, waiting, again, return_exceptions=True)
    said.append(
        f"SIGTERM with {speaking} calls and {HANDSHAKES} handshakes: code {code}, {ended_s:.1f} s after the last"
    )
    by_name = {one.name: one for one in recordings}
    kept = [await record_of(caller.report.call_sid) for caller in load.callers]
    scores = [score_of(caller.report, turns, by_name) for caller, (_, turns) in zip(load.callers, kept, strict=True)]
    lost, added = sum(score.lost for score in scores), sum(score.added for score in scores)
    late_ms = max(call.frame_delay_ms["max"] for call, _ in kept)
    said.append(f"{CALLS} calls: {sum(score.words for score in scores)} words, {lost} lost, {added} added")
    said.append(f"frame delay: {late_ms:.1f} ms at most; the sender itself was {max(load.late_ms):.1f} ms late")
    if lost or added or late_ms >= MOST_LATE_MS or code or ended_s > MOST_END_S or speaking < CALLS:
        said.append("FAILED: words, frames or the end")
    return said


if __name__ == "__main__":
    main()
