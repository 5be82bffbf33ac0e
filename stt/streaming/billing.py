"""Billing: what an engine bills a call's streams for. Pure."""

from __future__ import annotations

from collections import deque

from stt.streaming.stream_clock import StreamClock

MAX_FED_STREAMS = 2
"""Streams of a call that may still be fed: the one in use, and the half-closed one before it, at its pace."""


class Billing:
    """Counts the streams that opened and the audio that they were fed. Constant memory."""

    def __init__(self) -> None:
        self._clocks: deque[StreamClock] = deque()
        """Of those that may still be fed."""
        self._streams = self._seconds = 0
        """Of all before those."""

    def opened(self, clock: StreamClock) -> None:
        """A stream has opened; only the one before it may still be fed."""
        self._clocks.append(clock)
        if len(self._clocks) > MAX_FED_STREAMS:
            self._streams += 1
            self._seconds += _seconds(self._clocks.popleft())

    @property
    def total(self) -> tuple[int, int]:
        """Streams that opened, and their seconds of audio, each rounded up as Google bills it
        (calls/lines/costs.py)."""
        return self._streams + len(self._clocks), self._seconds + sum(map(_seconds, self._clocks))


def _seconds(clock: StreamClock) -> int:
    return -(-clock.fed_ms // 1000)
