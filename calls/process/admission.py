"""May one more call be heard by this process? Not while it drains, is full, or its loop is late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from django.conf import settings

from calls.process.loop_lag import LoopLag

MAX_LOOP_LAG_MS = 150.0
"""p95 of the loop's lateness beyond which running calls come first."""


class HeardCall(Protocol):
    """A stream that takes a place."""

    call_sid: str


class HeardCalls(Protocol):
    """Sockets, and calls whose record is not complete yet."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[HeardCall]: ...


class Admission:
    """One process's."""

    def __init__(self, calls: HeardCalls, loop_lag: LoopLag) -> None:
        self._calls = calls
        self._loop_lag = loop_lag
        self.draining = False
        """Set when the process is asked to end."""

    def refusal(self, call_sid: str = "") -> str:
        """The code of what stands against one more call; empty when nothing does. A stream of the same call takes no
        place from it: that one is lost, or ends when the next is heard. Any thread."""
        if self.draining:
            return "draining"
        if sum(call.call_sid != call_sid for call in self._calls) >= settings.MAX_CALLS:
            return "too_many_calls"
        if self._calls and (self._loop_lag.p95_ms or 0.0) > MAX_LOOP_LAG_MS:
            return "loop_late"
        return ""
