"""The call's newest audio, kept until its words are settled: for the one-shot recogniser and the next stream. Pure."""

from __future__ import annotations

from collections import deque

from calls.core.actions import Feed
from stt.audio import FRAME_MS

MAX_BUFFERED_MS = 60_000
"""More than the longest utterance with its pre-roll; also what a one-shot request may hold."""


class AudioBuffer:
    """µ-law frames on media time; 60 s of them at most, 480 kB."""

    def __init__(self) -> None:
        self._frames: deque[Feed] = deque(maxlen=MAX_BUFFERED_MS // FRAME_MS)

    def push(self, frame: Feed) -> None:
        """Keep a frame; the oldest goes when the buffer is full."""
        self._frames.append(frame)

    def since(self, from_ms: int) -> list[tuple[int, bytes]]:
        """The frames from a media time on, with their times."""
        newest: list[tuple[int, bytes]] = []
        for frame in reversed(self._frames):
            if frame.at_ms < from_ms:
                break
            newest.append((frame.at_ms, frame.ulaw))
        return newest[::-1]

    def audio(self, from_ms: int, to_ms: int) -> bytes:
        """The audio between two media times, as far as it is still kept."""
        return b"".join(ulaw for at_ms, ulaw in self.since(from_ms) if at_ms < to_ms)

    @property
    def begins_ms(self) -> int:
        """Media time of the oldest frame that is kept; 0 when none is."""
        return self._frames[0].at_ms if self._frames else 0

    def quietest_ms(self, from_ms: int, default_ms: int) -> int:
        """Where the quietest frame since a media time ends: the best place to cut."""
        newest: list[tuple[float, int]] = []
        for frame in reversed(self._frames):
            if frame.at_ms < from_ms:
                break
            newest.append((frame.level_dbfs, frame.at_ms))
        return min(newest)[1] + FRAME_MS if newest else default_ms

    def forget_before(self, at_ms: int) -> None:
        """Drop the frames that begin before a media time."""
        while self._frames and self._frames[0].at_ms < at_ms:
            self._frames.popleft()

    def __len__(self) -> int:
        return len(self._frames)
