"""Starts an emulator and a server of one's own, for the commands that show, load and break the whole path.

Real processes, real sockets, loopback only.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from django.conf import settings

from calls.lab import second_engine
from calls.lab.call_report import Line
from calls.reply.voices.espeak import EspeakVoices
from voiceapp.runtime.private_files import private_open

START_TIMEOUT_S = 120.0
"""A server or a balancer that does not answer within this time has failed."""
READY_TIMEOUT_S = 20.0
"""How long it may take to say that it is ready: seconds, on a busy machine."""
END_TIMEOUT_S = 40.0
"""A process that was told to end is killed after this time: a server drains for less."""
SERVERS = {
    "daphne": ("manage.py", "serve", "--host", "127.0.0.1", "--port"),
    "uvicorn": ("-m", "uvicorn", "voiceapp.asgi:application", "--log-level", "warning", "--ws", "websockets", "--port"),
    "two engines": ("-m", "calls.lab.second_engine"),
    "floor": ("-m", "benchmarks.floor_server", "--port"),
}
"""The arguments that start each kind of server; the port follows them."""


class RigError(Exception):
    """Something of the rig itself did not work; ``code: what to look at``."""


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
    more_folders: Sequence[Path] = ()
    speaks: bool = False
    """The server's Google voices are an emulator's: espeak-ng's speech where it is there, else tones."""
    voice_faults: Sequence[str] = ()
    """Of that emulator, as ``manage.py tts_emulator --fault`` takes them."""
    second_engine: bool = False
    """The server has a second engine (calls/lab/second_engine.py), at an emulator of its own."""
    second_faults: Sequence[str] = ()
    """Of that emulator."""
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
        with private_open(self.log, "w"):
            pass  # begun anew: what a server says is its owner's alone
        self._catch_endings()
        try:
            # Both start at the same time.
            voice = self._start_voice_emulator() if self.speaks else None
            self.start_emulator()
            if self.second_engine:
                second = self._start_speech_emulator("0", self.seed + 1, self.second_faults)
                self.environment[second_engine.EMULATOR_VARIABLE] = self._address_of(second)
                self.server_command = SERVERS["two engines"]
            if voice is not None:
                self.environment["TTS_EMULATOR_HOST"] = self._address_of(voice)
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
        """What the Speech emulators heard, once they have ended; None where one was killed and could not say."""
        heard = [words for words in self._last_words if " characters in " not in words]
        said = [re.match(r"billed (\d+) s", words) for words in heard]
        return sum(int(one[1]) for one in said if one) if all(said) else None

    def start_emulator(self) -> None:
        """Start it, again at the same address if it ran before. Raises RigError."""
        port = self.emulator_address.rpartition(":")[2] or "0"
        self.emulator = self._start_speech_emulator(port, self.seed, self.faults)
        self.emulator_address = self._address_of(self.emulator)

    def _start_speech_emulator(self, port: str, seed: int, faults: Sequence[str]) -> subprocess.Popen[str]:
        arguments = ["manage.py", "speech_emulator", *self._clips, "--seed", str(seed), "--port", port]
        for fault in faults:
            arguments += ["--fault", fault]
        emulator = self.start([sys.executable, *arguments, *self.emulator_options], stdout=subprocess.PIPE)
        _pin(emulator, self.other_processors)
        return emulator

    def _start_voice_emulator(self) -> subprocess.Popen[str]:
        arguments = ["manage.py", "tts_emulator", "--seed", str(self.seed)]
        if not EspeakVoices().unusable():
            arguments += ["--espeak", *self._clips]
        for fault in self.voice_faults:
            arguments += ["--fault", fault]
        emulator = self.start([sys.executable, *arguments], stdout=subprocess.PIPE)
        _pin(emulator, self.other_processors)
        return emulator

    @property
    def _clips(self) -> list[str]:
        return [part for folder in (self.folder, *self.more_folders) for part in ("--clips", str(folder))]

    def _address_of(self, emulator: subprocess.Popen[str]) -> str:
        """Where it listens, once it does. Raises RigError."""
        assert emulator.stdout is not None  # noqa: S101 - it is a pipe
        said = emulator.stdout.readline()
        if "listening on" not in said:
            raise RigError(f"emulator_failed: an emulator did not start; see {self.log}")
        return said.split()[-1]

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
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=READY_TIMEOUT_S):  # noqa: S310
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
