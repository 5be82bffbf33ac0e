"""The emulated recogniser of one call in virtual time, without sockets and without faults.

Words come as stt/emulator/speaker.py says them; a stream that is half-closed brings its final when that would come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from random import Random
from typing import Protocol

from calls.core.actions import AskOneShot
from calls.lab.simulation import event_of, one_shot_of
from stt.emulator.recordings import Library
from stt.emulator.speaker import Said, Speaker
from stt.emulator.stream import EmulatedStream
from stt.emulator.timing import Timing
from stt.engines.base import Deliver, StreamEvent
from stt.events import OneShotDone, StreamClosed, StreamOpened

HANDSHAKE_MS = 50


class Emulated(Protocol):
    """One stream's recogniser on its audio's own clock, as stt/emulator/stream.py is one."""

    def push(self, ulaw: bytes) -> list[Said]:
        """Audio has come; what is said now."""

    def finish_after_ms(self) -> float:
        """The stream is half-closed: how long until ``finish`` is to be called."""

    def finish(self) -> list[Said]:
        """All that is still to be said."""


class VirtualRecognition:
    """One call's engine: it knows the recordings of a library."""

    def __init__(self, library: Library, timing: Timing, seed: str) -> None:
        self.library, self.timing = library, timing
        self.random = Random(seed)  # noqa: S311

    def open_stream(self, deliver: Deliver) -> VirtualStream:
        speaker = Speaker(self.timing, Random(self.random.random()))  # noqa: S311
        return VirtualStream(EmulatedStream(self.library, speaker, {}), deliver)

    def one_shot(self, action: AskOneShot) -> tuple[float, OneShotDone]:
        return self.random.uniform(*self.timing.recognize_ms), one_shot_of(action, self.library)


class VirtualStream:
    """A StreamingRecognizer (stt/engines/base.py)."""

    def __init__(self, emulated: Emulated, deliver: Deliver) -> None:
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._emulated = emulated
        self._over = self._closed = False
        self._loop.call_later(HANDSHAKE_MS / 1000, self._tell, StreamOpened(0, 1))

    def feed(self, ulaw: bytes) -> None:
        if not self._over:
            self._say(self._emulated.push(ulaw))

    def finish(self) -> None:
        self._loop.call_later(self._emulated.finish_after_ms() / 1000, self._finish)

    def close(self) -> None:
        self._over = self._closed = True

    def _finish(self) -> None:
        if not self._over:
            self._say(self._emulated.finish())
            self._over = True
            self._loop.call_soon(self._tell, StreamClosed(0))

    def _say(self, results: Iterable[Said]) -> None:
        for said in results:
            self._loop.call_soon(self._tell, event_of(said))

    def _tell(self, event: StreamEvent) -> None:
        if not self._closed:
            self._deliver(event)
