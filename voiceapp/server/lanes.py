"""Few pages are worked on at a time; the others wait in the loop, and too many are refused there.

Django works on each request in a thread of its own. Threads that work compete for the interpreter's lock, which each
keeps for 5 ms, and the loop waits for it among them, even for a new thread to start: beside fifty sign-ins a second a
call's webhook waited 15 s (docs/performance.md). Who waits here is a future, without a thread, a hash, a session, or
one of the database's connections. Webhooks and probes do not wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class LaneFull(Exception):
    """Too many are in it, or too many of this source."""


class Lane:
    """Work of one kind, some of it at a time. The loop's thread."""

    def __init__(self, at_once: int, most: int, most_of_source: int = 0, longest_s: float = 0.0) -> None:
        """``most``: waiting and worked on; ``most_of_source``: of these, of one source, 0: as many. What takes longer
        than ``longest_s`` lets the next one begin beside it; 0: never."""
        self._most, self._most_of_source = most, most_of_source or most
        self._longest_s = longest_s
        self._room = asyncio.Semaphore(at_once)
        self._inside: Counter[str | None] = Counter()

    async def enter(self, source: str | None = None) -> Place:
        """Wait for a place. Raises LaneFull at once where there is not even one to wait in."""
        if self._inside.total() >= self._most or self._inside[source] >= self._most_of_source:
            raise LaneFull
        self._inside[source] += 1
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            self._gone(source)
            raise
        return Place(self._room.release, lambda: self._gone(source), self._longest_s)

    def _gone(self, source: str | None) -> None:
        self._inside[source] -= 1
        if not self._inside[source]:
            del self._inside[source]


class Place:
    """In a lane, once it is one's turn."""

    def __init__(self, next_one: Callable[[], None], gone: Callable[[], None], longest_s: float) -> None:
        self._next_one, self._gone = next_one, gone
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(longest_s, self._let_next_in) if longest_s else None
        self._left = self._is_next_in = False

    def leave(self) -> None:
        """Idempotent."""
        if not self._left:
            self._left = True
            if self._timer is not None:
                self._timer.cancel()
            self._let_next_in()
            self._gone()

    def _let_next_in(self) -> None:
        if not self._is_next_in:
            self._is_next_in = True
            self._next_one()


async def answer_in(place: Place, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Have a request answered; its place is the next one's as soon as the answer begins: what is sent for long, as a
    recording is, is no work."""

    async def sending(message: Mapping[str, Any]) -> None:
        place.leave()
        await send(message)

    try:
        await application(scope, receive, sending)
    finally:
        place.leave()
