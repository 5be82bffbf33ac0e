"""May one more call be heard by this process? Not while it drains, is full, or its loop is late."""

from __future__ import annotations

from collections.abc import Sized

from django.conf import settings

from calls.process.loop_lag import LoopLag

MAX_LOOP_LAG_MS = 150.0
"""p95 of the loop's lateness beyond which running calls come first."""


class Admission:
    """One process's."""

    def __init__(self, calls: Sized, loop_lag: LoopLag) -> None:
        """``calls``: heard now: sockets, and calls whose record is not complete yet."""
        self._calls = calls
        self._loop_lag = loop_lag
        self.draining = False
        """Set when the process is asked to end."""

    def refusal(self) -> str:
        """The code of what stands against one more call; empty when nothing does."""
        if self.draining:
            return "draining"
        if len(self._calls) >= settings.MAX_CALLS:
            return "too_many_calls"
        if self._calls and (self._loop_lag.p95_ms or 0.0) > MAX_LOOP_LAG_MS:
            return "loop_late"
        return ""

    @property
    def is_open(self) -> bool:
        return not self.refusal()
