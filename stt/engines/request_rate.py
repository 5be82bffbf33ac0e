"""How many requests this process has made of the engine in the last minute: a quota is kept for what cannot wait. Pure.

Google counts every stream and every one-shot as one, and refuses beyond 900 a minute for the whole project.
"""

from __future__ import annotations

from collections import deque

WINDOW_MS = 60_000
MAX_COUNTED = 10_000
"""Requests that are remembered, ten times what Google takes in a minute: where nobody asks, older ones go by this
alone."""


class RequestRate:
    """Counted on any thread; time is an argument."""

    def __init__(self) -> None:
        self._at_ms: deque[float] = deque(maxlen=MAX_COUNTED)

    def add(self, now_ms: float) -> None:
        """A request is made."""
        self._at_ms.append(now_ms)

    def a_minute(self, now_ms: float) -> int:
        """Requests of the last 60 s. On the event loop's thread only."""
        while self._at_ms and self._at_ms[0] <= now_ms - WINDOW_MS:
            self._at_ms.popleft()
        return len(self._at_ms)
