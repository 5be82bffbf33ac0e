"""Interims: a call's hypotheses on their way out, at most one in a window, the newest."""

from __future__ import annotations

from collections.abc import Callable

from stt.debouncer import Debouncer
from stt.events import Interim
from stt.streaming.timers import Timers


class Interims:
    """A Debouncer on the loop's time: its timer is called ``debounce``."""

    def __init__(self, window_ms: int, timers: Timers, say: Callable[[Interim], None]) -> None:
        self._debouncer = Debouncer[Interim](window_ms)
        self._timers = timers
        self._say = say

    def put(self, event: Interim) -> None:
        """Say it now, or at the window's end unless a newer one has come by then."""
        self._say_now(self._debouncer.put(event, self._timers.now_s() * 1000))

    def flush(self) -> None:
        """What waits is the last that the stream has said: say it now."""
        waiting = self.drop()
        if waiting is not None:
            self._say(waiting)

    def drop(self) -> Interim | None:
        """Forget what waits: a final says all of it, and more."""
        self._timers.cancel("debounce")
        return self._debouncer.drop()

    def _say_now(self, event: Interim | None) -> None:
        if event is None:
            return
        self._say(event)
        if self._debouncer.due_ms is not None:
            self._timers.start("debounce", self._debouncer.window_ms / 1000, self._on_time)

    def _on_time(self) -> None:
        self._say_now(self._debouncer.tick(self._timers.now_s() * 1000))
