"""Batcher: 20 ms frames in, chunks for the engine out. Pure; on every frame's way."""

from __future__ import annotations

from collections.abc import Callable

from stt.audio import BYTES_PER_MS

Chunk = tuple[bytes, int]
"""µ-law audio and the media time at which it begins."""


class Batcher:
    """Joins frames that follow each other; a gap or ``flush`` sends what is there, so nothing is lost."""

    def __init__(self, batch_ms: int, send: Callable[[Chunk], None]) -> None:
        self.shut = False
        """Frames are dropped: nobody listens."""
        self._send = send
        self._full_bytes = batch_ms * BYTES_PER_MS
        self._frames: list[bytes] = []
        self._at_ms = 0
        self._bytes = 0

    def feed(self, ulaw: bytes, at_ms: int) -> None:
        """A frame at its media time; sends when batch_ms are full."""
        if self.shut:
            return
        frames = self._frames
        if not frames:
            self._at_ms = at_ms
        elif (at_ms - self._at_ms) * BYTES_PER_MS != self._bytes:
            self.flush()
            self._at_ms = at_ms
        frames.append(ulaw)
        self._bytes += len(ulaw)
        if self._bytes >= self._full_bytes:
            self.flush()

    def flush(self) -> None:
        """Send what has come so far."""
        if not self._frames:
            return
        chunk = (b"".join(self._frames), self._at_ms)
        self._frames.clear()
        self._bytes = 0
        self._send(chunk)
