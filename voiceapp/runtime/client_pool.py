"""ClientPool: an engine's connections. Each event loop has its own, and each takes so many streams at most.

A client of an asyncio library belongs to the loop that it was made on, and a server lets only so many streams share a
connection: further ones hang without a word. Both hold for any engine over HTTP/2.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Client = TypeVar("Client")


@dataclass(slots=True)
class _Connection(Generic[Client]):
    client: Client
    streams: int = 0
    """Open on it."""


class ClientPool(Generic[Client]):
    """Clients made when they are first needed. On the event loop's thread."""

    def __init__(self, make: Callable[[], Client], max_streams: int) -> None:
        """``make``: a client with a connection of its own; may raise. ``max_streams``: on one connection."""
        self._make = make
        self._max_streams = max_streams
        self._of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Connection[Client]]] = (
            weakref.WeakKeyDictionary()
        )

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the running loop for one stream, counted until it is left. Raises what ``make`` raises."""
        connections = self._of_loops.setdefault(asyncio.get_running_loop(), [])
        connection = next((one for one in connections if one.streams < self._max_streams), None)
        if connection is None:
            connection = _Connection(self._make())
            connections.append(connection)
        connection.streams += 1
        try:
            yield connection.client
        finally:
            connection.streams -= 1

    def take_all(self) -> list[Client]:
        """The clients of the running loop, to be closed: the pool forgets them."""
        return [connection.client for connection in self._of_loops.pop(asyncio.get_running_loop(), [])]
