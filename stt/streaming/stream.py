"""Stream: one recognition stream of a call, its clock, and the audio on its way to the engine. Pure.

Paces held audio: an engine refuses minutes at once as a replay.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from stt.audio import duration_ms
from stt.engines.base import StreamingRecognizer
from stt.events import Final, Interim, Word
from stt.streaming.batcher import Chunk
from stt.streaming.stream_clock import StreamClock

MAX_BURST_MS = 3000
"""Held audio that is sent at once; the rest follows at MAX_PACE."""
MAX_PACE = 4
"""Times real time at which held audio follows."""


class Stream:
    """One attempt at a stream of this number. Time is an argument."""

    def __init__(self, number: int, attempt: int, now_s: float, engine: str = "") -> None:
        self.number = number
        self.engine = engine
        """That hears it, as rows call it."""
        self.attempt = attempt
        self.began_s = now_s
        self.clock = StreamClock()
        """Of the audio that it was fed."""
        self.recognizer: StreamingRecognizer | None = None
        """The engine's end; None before it is opened and after it has ended."""
        self.opened = False
        """The engine has said that it is connected."""
        self.has_spoken = False
        """A result came from it."""
        self._backlog: deque[Chunk] = deque()
        self._finishing = False

    @property
    def is_behind(self) -> bool:
        """Audio waits for its pace: ``flow`` is due."""
        return bool(self._backlog)

    def send(self, chunk: Chunk, now_s: float) -> None:
        """Feed a chunk, behind those that wait for their pace."""
        self._backlog.append(chunk)
        self.flow(now_s)

    def flow(self, now_s: float) -> None:
        """Send what the engine bears by now."""
        allowed_ms = MAX_BURST_MS + MAX_PACE * (now_s - self.began_s) * 1000
        while self._backlog and self.recognizer is not None and self.clock.fed_ms <= allowed_ms:
            ulaw, at_ms = self._backlog.popleft()
            self.clock.fed(at_ms, duration_ms(ulaw))
            self.recognizer.feed(ulaw)
        if self._finishing and not self._backlog and self.recognizer is not None:
            self._finishing = False
            self.recognizer.finish()

    def finish(self, now_s: float) -> None:
        """Half-close, once all audio is sent."""
        self._finishing = True
        self.flow(now_s)

    def close(self) -> None:
        """End at once."""
        self._backlog.clear()
        if self.recognizer is not None:
            self.recognizer.close()
            self.recognizer = None

    def interim(self, event: Interim) -> Interim:
        """Its interim, in media time."""
        return replace(event, stream=self.number, end_ms=self.clock.media_ms(event.end_ms))

    def final(self, event: Final) -> Final:
        """Its final, in media time."""
        at = self.clock.media_ms
        words = tuple(Word(word.text, at(word.start_ms, zero=True), at(word.end_ms)) for word in event.words)
        return replace(event, stream=self.number, words=words, end_ms=at(event.end_ms))
