"""HeldAudio: what a further attempt to open a stream is given, so that no first word is lost. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from stt.audio import BYTES_PER_MS, duration_ms
from stt.streaming.batcher import Chunk

MAX_HELD_MS = 60_000
"""Audio kept for a stream that has not opened; older audio is dropped and counted."""
MAX_HELD_OPEN_MS = 10_000
"""Audio kept for a stream that has opened and said nothing yet: a silent caller needs no more."""


class HeldAudio:
    """Chunks in order, the newest so many ms, until a stream has said something."""

    def __init__(self) -> None:
        self.dropped_ms = 0
        """Audio that no stream ever took, because none opened in time."""
        self._chunks: deque[Chunk] = deque()
        self._bytes = 0
        self._released = False

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self._chunks)

    def restart(self) -> None:
        """Hold from here on, for another stream."""
        self._chunks.clear()
        self._bytes = 0
        self._released = False

    def release(self) -> None:
        """The stream has said something: what it was given is its own, and nothing is held until ``restart``."""
        if not self._released:
            self.restart()
            self._released = True

    def add(self, chunk: Chunk, opened: bool) -> None:
        """``opened``: the stream that is fed takes it too."""
        if self._released:
            return
        self._chunks.append(chunk)
        self._bytes += len(chunk[0])
        max_bytes = (MAX_HELD_OPEN_MS if opened else MAX_HELD_MS) * BYTES_PER_MS
        while self._bytes > max_bytes:
            oldest, _ = self._chunks.popleft()
            self._bytes -= len(oldest)
            if not opened:
                self.dropped_ms += duration_ms(oldest)
