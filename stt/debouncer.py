"""Debouncer: of hypotheses that come faster than anyone needs them, at most one in a window goes on. Pure.

Has no clock and no timer: whoever has them calls ``tick`` when ``due_ms`` is reached, before anything later is put.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Debouncer(Generic[Item]):
    """One item waits at most, and a newer one takes its place: the newest wins."""

    def __init__(self, window_ms: float) -> None:
        """``window_ms``: 0 lets everything through."""
        self.due_ms: float | None = None
        """When the window ends that the last item began; None where none is open: the next item goes on at once."""
        self.window_ms = window_ms
        self._waiting: Item | None = None

    def put(self, item: Item, now_ms: float) -> Item | None:
        """The item where it goes on now; None where it waits for the end of the window."""
        if self.due_ms is not None:
            self._waiting = item
            return None
        if self.window_ms:
            self.due_ms = now_ms + self.window_ms
        return item

    def tick(self, now_ms: float) -> Item | None:
        """The window is over: what waited goes on and begins another."""
        item = self.drop()
        return None if item is None else self.put(item, now_ms)

    def due(self, until_ms: float) -> Iterator[tuple[float, Item]]:
        """Tick up to an instant, for an owner without timers: what goes on until then, each with its time."""
        while self.due_ms is not None and self.due_ms <= until_ms:
            due_ms = self.due_ms
            item = self.tick(due_ms)
            if item is not None:
                yield due_ms, item

    def drop(self) -> Item | None:
        """End the window. What waited is given back: a final says all of it and more, a stream's end does not."""
        item, self._waiting, self.due_ms = self._waiting, None, None
        return item
