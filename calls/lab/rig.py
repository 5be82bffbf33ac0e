"""A rig: an emulator and a server of one's own, called as Twilio would, and every word counted. For the commands that
show, load and break the whole path; real processes, real sockets, loopback only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections

from calls.lab.simulator import CallReport, Line, SimulatedCall
from calls.storage.call_streams import CallStream
from calls.storage.models import Call, Transcript
from calls.storage.recording import Recording as AudioFile
from calls.whatif.scoring import Score, ScoredTurn, TrueWord, score
from stt.audio import FRAME_MS, duration_ms
from stt.emulator.recordings import Library, Recording
from stt.emulator.wavfile import WavError

START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 40.0
RECORD_TIMEOUT_S = 40.0
SERVERS = {
    "daphne": ("manage.py", "serve", "--host", "127.0.0.1", "--port"),
    "uvicorn": ("-m", "uvicorn", "voiceapp.asgi:application", "--log-level", "warning", "--ws", "websockets", "--port"),
    "floor": ("-m", "benchmarks.floor_server", "--port"),
}
"""How each is started; its port comes behind."""
USER = "desk"


class RigError(Exception):
    """Something of the rig itself did not work; ``code: what to look at``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: recordings with pauses between them."""

    name: str
    title: str
    from_number: str
    clips: tuple[Path, ...]
    pauses_s: tuple[float, ...]


@dataclass(slots=True)
class Rig:
    """``with Rig(folder, log) as rig``: both processes answer until left."""

    folder: Path
    """Recordings with clips.tsv."""
    log: Path
    seed: int = 1
    faults: Sequence[str] = ()
    """Of the emulator, as ``manage.py speech_emulator --fault`` takes them."""
    emulator_options: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    """For the server."""
    deployed: bool = False
    """As behind TLS, whatever DEBUG says: with it Django keeps its queries, and asks the database to write them out."""
    port: int = 0
    speech_host: str = ""
    """Where the server finds the emulator, when something stands between them."""
    server_command: Sequence[str] = SERVERS["daphne"]
    server_processors: Sequence[int] = ()
    """Where the server may run; empty: anywhere."""
    other_processors: Sequence[int] = ()
    """Where the emulator may run."""
    emulator: subprocess.Popen[str] | None = None
    emulator_address: str = ""
    server: subprocess.Popen[str] | None = None
    _started: list[subprocess.Popen[str]] = field(default_factory=list)
    _last_words: list[str] = field(default_factory=list)
    _before: dict[signal.Signals, Any] = field(default_factory=dict)
    """What signals did before the rig was entered."""

    def __enter__(self) -> Self:
        self.log.write_text("")
        self._catch_endings()
        try:
            self.start_emulator()
            self.start_server()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._before:
            # One ending is enough: a second would leave processes behind.
            signal.signal(number, signal.SIG_IGN)
        try:
            self._end_processes()
        finally:
            for number, before in self._before.items():
                signal.signal(number, before)
            self._before.clear()

    def _catch_endings(self) -> None:
        """A terminal that closes, or SIGTERM, ends the processes too: they are in sessions of their own."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGHUP, signal.SIGTERM):
                before = signal.getsignal(number)
                # Not where nohup asked for the opposite.
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, _leave)

    def _end_processes(self) -> None:
        # What was started last is ended first: a server still has its recogniser.
        for process in reversed(self._started):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self._started):
            try:
                process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                self._last_words.append(process.stdout.read())
                process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def line(self) -> Line:
        return Line(self.url, self._public_url, auth_token())

    @property
    def _public_url(self) -> str:
        return self.url.replace("http:", "https:") if self.deployed else self.url

    @property
    def billed_s(self) -> int | None:
        """What the emulators heard, once they have ended; None where one was killed and could not say."""
        said = [re.match(r"billed (\d+) s", words) for words in self._last_words]
        return sum(int(one[1]) for one in said if one) if all(said) else None

    def start_emulator(self) -> None:
        """Start it, again at the same address if it ran before. Raises RigError."""
        port = self.emulator_address.rpartition(":")[2] or "0"
        arguments = ["manage.py", "speech_emulator", "--clips", str(self.folder)]
        arguments += ["--seed", str(self.seed), "--port", port]
        for fault in self.faults:
            arguments += ["--fault", fault]
        self.emulator = self.start([sys.executable, *arguments, *self.emulator_options], stdout=subprocess.PIPE)
        _pin(self.emulator, self.other_processors)
        assert self.emulator.stdout is not None  # noqa: S101 - it is a pipe
        said = self.emulator.stdout.readline()
        if "listening on" not in said:
            raise RigError(f"emulator_failed: the Speech emulator did not start; see {self.log}")
        self.emulator_address = said.split()[-1]

    def start_server(self) -> None:
        """Start it, again at the same address if it ran before. Raises RigError."""
        self.port = self.port or free_port()
        self.server = self.serve(self.port)

    def serve(self, port: int) -> subprocess.Popen[str]:
        """One server on this port, once it answers. Raises RigError."""
        environment = {
            "STT_EMULATOR_HOST": self.speech_host or self.emulator_address,
            "PUBLIC_URL": self._public_url,
            "TWILIO_AUTH_TOKEN": auth_token(),
            **({"DEBUG": "0", "SECRET_KEY": secrets.token_urlsafe(50)} if self.deployed else {}),
            **self.environment,
        }
        server = self.start([sys.executable, *self.server_command, str(port)], environment)
        _pin(server, self.server_processors)
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):  # noqa: S310 - loopback
                    return server
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RigError(f"server_failed: the server did not start; see {self.log}")

    def start(
        self, command: list[str], environment: dict[str, str] | None = None, *, stdout: int | None = None
    ) -> subprocess.Popen[str]:
        """A process that is ended with the rig and writes its errors to the log."""
        with self.log.open("a") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=settings.BASE_DIR,
                # .env is the owner's: what is made up here does not go to the owner's database.
                env={**os.environ, "ENV_FILE": "", "VAR_DIR": str(settings.VAR_DIR), **(environment or {})},
                stdout=stdout,
                stderr=errors,
                text=True,
                # Ctrl-C is for the command, which ends its processes itself.
                start_new_session=True,
            )
        self._started.append(process)
        return process


def _leave(number: int, _: object) -> None:
    """A signal's handler: out of every ``with``, as an exception."""
    raise SystemExit(128 + number)


def _pin(process: subprocess.Popen[str], processors: Sequence[int]) -> None:
    """Keep a process on these processors; its threads, which are yet to come, stay there with it."""
    if processors:
        os.sched_setaffinity(process.pid, processors)


def manage(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """One of our own commands, in a process of its own. Raises RigError with what it said."""
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "ENV_FILE": "", **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RigError(f"{arguments[0]}_failed: {done.stderr.strip()[-300:]}")


def auth_token() -> str:
    """The owner's, or one of the rig's own: no Twilio takes part in it."""
    return settings.TWILIO_AUTH_TOKEN or "rig"


@contextlib.contextmanager
def own_database(password: str, database_url: str = "") -> Iterator[dict[str, str]]:
    """A database and a VAR_DIR of one's own, migrated, with the superuser USER; yields the environment that says so."""
    kept = settings.VAR_DIR
    with tempfile.TemporaryDirectory() as folder:
        settings.VAR_DIR = Path(folder)
        environment = {
            "VAR_DIR": folder,
            # Its calls are looked at, not heard to their end.
            "DRAIN_TIMEOUT_S": "0",
            "DATABASE_URL": database_url,
            "DEBUG": "1",
            "TWILIO_AUTH_TOKEN": auth_token(),
            "DJANGO_SUPERUSER_PASSWORD": password,
        }
        try:
            manage(["migrate", "-v0"], environment)
            manage(["createsuperuser", "--noinput", "--username", USER, "--email", "desk@example.org"], environment)
            yield environment
        finally:
            settings.VAR_DIR = kept


def read_own_database() -> None:
    """From here on this process reads what the server of ``own_database`` writes. Before its first query."""
    connections.settings["default"]["NAME"] = settings.VAR_DIR / "db.sqlite3"


def long_calls(rig: Rig, count: int) -> list[SimulatedCall]:
    """Calls of twenty of the rig's recordings, to be looked at; each with a CallSid of its own."""
    clips = sorted(rig.folder.glob("*.wav"))
    return [
        SimulatedCall(
            rig.line,
            (clips[i * 5 % len(clips) :] + clips)[:20],
            lead_s=0.2 + 0.3 * i,
            seed=i + 1,
            from_number=f"+97250123{4501 + i * 37}",
            call_sid="CA" + secrets.token_hex(16),
        )
        for i in range(count)
    ]


def free_port(wanted: int = 0) -> int:
    """The port, if it is free; else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RigError("no_port: no port is free")


def library_of(folder: Path) -> Library:
    """The recordings of a folder. Raises RigError."""
    try:
        return Library([folder])
    except FileNotFoundError as error:
        raise RigError(f"no_recordings: {folder} has no clips.tsv") from error
    except WavError as error:
        raise RigError(f"broken_recording: {error}") from error


def calls_of(library: Library, folder: Path, prefixes: Sequence[str], *, clips: int = 10) -> list[Sample]:
    """A folder's recordings whose names begin so, in calls of so many, 0.9 s between them."""
    names = sorted(recording.name for recording in library.recordings if recording.name.startswith(tuple(prefixes)))
    if not names:
        raise RigError(f"no_recordings: {folder} has none of that name")
    return [
        Sample(
            f"call {i // clips + 1}",
            names[i],
            f"+9725012345{i:02}",
            tuple(folder / name for name in names[i : i + clips]),
            (0.9,),
        )
        for i in range(0, len(names), clips)
    ]


async def record_of(call_sid: str, timeout_s: float = RECORD_TIMEOUT_S) -> tuple[Call, list[Transcript]]:
    """The call's row once it is complete, with its turns. Raises RigError."""

    def complete() -> tuple[Call, list[Transcript]] | None:
        call = Call.objects.filter(call_sid=call_sid, ended_at__isnull=False).first()
        return (call, list(call.turns.all())) if call is not None else None

    for _ in range(int(timeout_s / 0.2)):
        found = await database_sync_to_async(complete)()
        if found is not None:
            return found
        await asyncio.sleep(0.2)
    raise RigError(f"record_missing: call {call_sid} was not closed")


def is_recorded(stream: CallStream) -> bool:
    """A stream's recording holds what it received, but for the last second and a half; none was made of nothing."""
    received_ms = FRAME_MS * stream.count("frames_received")
    path = Path(settings.VAR_DIR) / stream.recording
    if not path.is_file():
        return received_ms == 0
    return abs(duration_ms(AudioFile(path).ulaw()[1]) - received_ms) < 1500


def scored(turn: Any) -> ScoredTurn:
    return ScoredTurn(turn.started_ms, turn.ended_ms, turn.text, turn.heard_text, turn.final_ms, turn.source)


def score_of(report: CallReport, turns: Sequence[Any], recordings: dict[str, Recording]) -> Score:
    """What was played against what was kept."""
    said = [
        TrueWord(word.text, word.start_ms + start_ms, word.end_ms + start_ms)
        for name, start_ms, _ in report.played
        for word in recordings[name].words
    ]
    return score(said, [scored(turn) for turn in turns])
