"""One process's memory of an engine that is down, so that a hundred calls do not ask it three hundred times. Pure.

Closed: everybody may open. After MAX_FAILURES in a row it is open: nobody may, but one probe at a time, ever more
seldom, until one succeeds. Time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

MAX_FAILURES = 6
"""In a row, until the breaker opens: two calls' three attempts."""
MIN_PAUSE_S, MAX_PAUSE_S = 0.5, 15.0
"""Between the probes of an open breaker: the first pause, and what doubling it ends at."""


@dataclass(slots=True)
class Breaker:
    random: Random
    failures: int = 0
    _until_s: float = 0.0
    _pause_s: float = MIN_PAUSE_S

    @property
    def open(self) -> bool:
        return self.failures >= MAX_FAILURES

    def shut(self, now_s: float) -> bool:
        """Nobody may open now: ``may_open`` would say no."""
        return self.open and now_s < self._until_s

    def may_open(self, now_s: float) -> bool:
        """A stream may be opened now; while the breaker is open, true for one caller at a time."""
        if not self.open:
            return True
        if now_s < self._until_s:
            return False
        self._until_s = now_s + self._next_pause_s()
        return True

    def wait_s(self, now_s: float) -> float:
        """When to ask again: with jitter, so that calls come back one by one."""
        return max(0.0, self._until_s - now_s) + self.random.uniform(0.1, 1.0)

    def succeeded(self) -> None:
        self.failures = 0
        self._pause_s = MIN_PAUSE_S

    def failed(self, now_s: float) -> None:
        self.failures += 1
        if self.failures == MAX_FAILURES:
            self._until_s = now_s + self._next_pause_s()

    def _next_pause_s(self) -> float:
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, MAX_PAUSE_S)
        return pause_s * self.random.uniform(0.8, 1.2)
