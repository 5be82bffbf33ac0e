"""The timer that asks a session again at its next deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class DeadlineTimer:
    """One call's. One that is set for earlier stays: it only asks once more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_time: Callable[[], None]) -> None:
        self._loop = loop
        self._on_time = on_time
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0.0
        """The instant that it is set for."""

    def arm(self, deadline_ms: float | None, now_ms: float) -> None:
        """Ask at this instant, or never where there is none."""
        if self._timer is not None and (deadline_ms is None or deadline_ms < self._armed_ms):
            self.cancel()
        if deadline_ms is not None and self._timer is None:
            self._armed_ms = deadline_ms
            self._timer = self._loop.call_later(max(0.0, deadline_ms - now_ms) / 1000, self._ask)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self) -> None:
        self._timer = None
        self._on_time()
