"""Timers: an owner's few timers on the event loop, each by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """At most one timer of a name. On the loop's thread, as everything of a call."""

    def __init__(self) -> None:
        """Takes the running loop."""
        self._loop = asyncio.get_running_loop()
        self.now_s = self._loop.time
        """The loop's clock."""
        self.running: dict[str, asyncio.TimerHandle] = {}
        """By name."""

    def start(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        """Act once after so long; one of this name that runs is cancelled."""
        self.cancel(name)
        self.running[name] = self._loop.call_later(seconds, self._on_time, name, act)

    def cancel(self, name: str) -> None:
        """Nothing happens where none of this name runs."""
        handle = self.running.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Nobody acts any more."""
        for name in list(self.running):
            self.cancel(name)

    def _on_time(self, name: str, act: Callable[[], None]) -> None:
        del self.running[name]
        act()
