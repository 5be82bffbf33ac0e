"""StreamClock: one recognition stream's own time as media time. Pure."""

from __future__ import annotations

from bisect import bisect_right

MAX_GAPS = 256
"""Gaps of one stream that are remembered for mapping its times: the oldest is forgotten."""


class StreamClock:
    """Maps ms of audio fed to one stream to media time, across gaps that were not fed."""

    def __init__(self) -> None:
        self.fed_ms = 0
        """All audio that the stream was fed."""
        self.began_ms: int | None = None
        """Media time of the first of it; None: there was none."""
        self._stream_ms: list[int] = []
        self._media_ms: list[int] = []

    def fed(self, at_ms: int, length_ms: int) -> None:
        """Audio of this media time went to the stream."""
        if self.began_ms is None:
            self.began_ms = at_ms
        if not self._media_ms or at_ms - self._media_ms[-1] != self.fed_ms - self._stream_ms[-1]:
            self._stream_ms.append(self.fed_ms)
            self._media_ms.append(at_ms)
            if len(self._media_ms) > MAX_GAPS:
                del self._stream_ms[0], self._media_ms[0]
        self.fed_ms += length_ms

    @property
    def ended_ms(self) -> int | None:
        """Media time at which the audio ends that the stream was fed; None: there was none."""
        return self.media_ms(self.fed_ms)

    def media_ms(self, stream_ms: int | None, *, zero: bool = False) -> int | None:
        """None where the engine gave no time (0 means the same, but for the first word's start: ``zero``). Never beyond
        the audio that was fed."""
        if stream_ms is None or not self._media_ms or (stream_ms <= 0 and not zero):
            return None
        stream_ms = min(stream_ms, self.fed_ms)
        i = max(0, bisect_right(self._stream_ms, stream_ms - 1) - 1)
        return self._media_ms[i] + stream_ms - self._stream_ms[i]
