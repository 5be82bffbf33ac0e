"""Billing: what engines bill a call for. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from stt.streaming.stream_clock import StreamClock

MAX_FED_STREAMS = 2
"""Streams of a call that may still be fed: the one in use, and the half-closed one before it, at its pace."""


@dataclass(frozen=True, slots=True)
class Billed:
    """Of streams, or of one-shots."""

    requests: int = 0
    seconds_by_engine: Mapping[str, int] = field(default_factory=dict)
    """Of audio, each request's rounded up as Google bills it (calls/lines/costs.py); engines by the names of rows."""

    @property
    def seconds(self) -> int:
        """Of all engines."""
        return sum(self.seconds_by_engine.values())


class Billing:
    """Counts the streams that opened and the audio that they were fed. Constant memory: a line has few engines."""

    def __init__(self) -> None:
        self._fed: deque[tuple[str, StreamClock]] = deque()
        """Those that may still be fed."""
        self._streams, self._seconds = 0, Counter[str]()
        """Of all before those."""

    def opened(self, clock: StreamClock, engine: str) -> None:
        """A stream has opened; only the one before it may still be fed."""
        self._fed.append((engine, clock))
        if len(self._fed) > MAX_FED_STREAMS:
            engine, clock = self._fed.popleft()
            self._streams += 1
            self._seconds[engine] += _seconds(clock)

    @property
    def total(self) -> Billed:
        """Of the streams that opened."""
        seconds = self._seconds.copy()
        for engine, clock in self._fed:
            seconds[engine] += _seconds(clock)
        return Billed(self._streams + len(self._fed), seconds)


def _seconds(clock: StreamClock) -> int:
    return -(-clock.fed_ms // 1000)
