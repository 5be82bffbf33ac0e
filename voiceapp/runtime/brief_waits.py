"""Queries that may not wait long: whoever asked for what they are for has a patience of its own.

A database that is away is known within a moment. One whose rows are locked answers, and would be waited for as long as
the lock is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LONGEST_S: ContextVar[float | None] = ContextVar("longest_s", default=None)
"""How long one query may take on a connection that is opened now; None: as long as the database lets it."""


@contextmanager
def brief_waits(longest_s: float) -> Iterator[None]:
    """What is opened within, by this thread, raises DatabaseError where a query would take longer."""
    before = LONGEST_S.set(longest_s)
    try:
        yield
    finally:
        LONGEST_S.reset(before)
