"""What a server needs of whoever serves calls, to begin and to end with it (calls/process/services.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Set
from typing import Protocol


class DrainedCall(Protocol):
    def drain(self) -> asyncio.Task[None] | None:
        """Close its socket, at once or when the task that is returned is over."""


class DrainedCalls(Protocol):
    @property
    def pumps(self) -> Set[asyncio.Task[None]]:
        """What to wait for until the calls are over."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[DrainedCall]: ...


class Admits(Protocol):
    draining: bool
    """Set when the process is asked to end: no call is taken any more."""


class KnowsLines(Protocol):
    def start(self) -> None: ...

    def wait_until_known(self, timeout_s: float) -> bool:
        """Blocking."""


class KeepsRecordings(Protocol):
    def stop(self, timeout_s: float) -> None:
        """Write what is left. Blocking."""


class WritesRows(Protocol):
    def stop(self, timeout_s: float) -> bool:
        """Write what is left; False where not all of it was. Blocking."""


class TellsWatchers(Protocol):
    async def flush(self) -> None:
        """Until what was published is sent."""


class Served(Protocol):
    """One process's."""

    @property
    def lines(self) -> KnowsLines: ...

    @property
    def calls(self) -> DrainedCalls: ...

    @property
    def admission(self) -> Admits: ...

    @property
    def disk(self) -> KeepsRecordings: ...

    @property
    def writer(self) -> WritesRows: ...

    @property
    def updates(self) -> TellsWatchers: ...

    def start(self) -> None:
        """Its threads. Idempotent; returns at once."""

    def start_on_loop(self) -> None:
        """What watches the running loop."""
