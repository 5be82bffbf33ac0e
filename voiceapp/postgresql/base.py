"""Django's PostgreSQL, whose pool loses all of its dead connections at once, and which remembers that it is away.

A restart of the server kills every connection that waits in the pool. psycopg's own check finds them one by one, with a
pause between two of them that doubles: with four of them dead, a request waits longer than the pool's time-out.

Who asks a database that is away waits for the pool's time-out, and Twilio gives a webhook 15 s for all that it asks. So
one wait that was in vain counts for the whole process: for AWAY_S further connections are refused at once, then one is
tried while the others go on being refused. A pool that is merely full is not away.

Whoever ends without giving its connection back would keep its place in the pool for good: a request whose client has
left, and which is cancelled while its query waits for a lock, ends with its thread and without Django's signal. So it
is known which thread has which, and what a thread has that no longer runs is taken back.

No query is compiled (``jit``): what is asked here takes milliseconds. A search over millions of turns looks expensive
beforehand, and compiling it took 50 to 120 ms, each time anew. For the same reason no query is given further processes
that will have been read before they have begun: who waits for a page waits for each of them (``PARALLEL_COST``).
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from contextlib import suppress
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Error, OperationalError
from psycopg_pool import PoolTimeout

from voiceapp.runtime.brief_waits import LONGEST_S

logger = logging.getLogger(__name__)

PARALLEL_COST = 20_000
"""PostgreSQL's parallel_setup_cost, of which its 1000 is the twentieth. What walks a whole table, for figures, costs
more than that and is divided still; a page's walk through an index that ends after a thousand hits is not."""
AWAY_S = 1.0
"""A database that gave no connection is not asked again for so long. What was heard is written within 2 s of its
return."""
CROWDED_S = 10.0
"""So long it is told that somebody waited in vain for a connection of a pool that was full."""


class DatabaseWrapper(base.DatabaseWrapper):
    _away_until_s: ClassVar[dict[str, float]] = {}
    """By alias, as Django's pools are; no entry: it gave a connection when it was last asked."""
    _errors: ClassVar[dict[str, int]] = {}
    """By alias: how many connections its pool had failed to make when it last gave one."""
    _full_at_s: ClassVar[dict[str, float]] = {}
    """By alias: when somebody last waited in vain, while the database was not away."""
    _lent: ClassVar[dict[Any, threading.Thread]] = {}
    """By connection of a pool: who has it. Whoever takes it out of here gives it back, and nobody else."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that answers. Raises psycopg.OperationalError, at once where the database is known to be away.
        Any thread."""
        if self.pool is None:
            return super().get_new_connection(conn_params)
        away_until_s = self._away_until_s.get(self.alias)
        if away_until_s is not None:
            if time.monotonic() < away_until_s:
                raise OperationalError("the database is away")
            # This one tries it; the others need not wait with it.
            self._away_until_s[self.alias] = time.monotonic() + self.pool.timeout
        self._take_back()
        try:
            connection = self._answering(conn_params)
        except PoolTimeout:
            if self._makes_no_connection():
                self._away_until_s[self.alias] = time.monotonic() + AWAY_S
            else:
                self._full_at_s[self.alias] = time.monotonic()
            raise
        self._lent[connection] = threading.current_thread()
        self._away_until_s.pop(self.alias, None)
        self._errors[self.alias] = self._stats()["connections_errors"]
        return connection

    @property
    def is_crowded(self) -> bool:
        """Somebody has lately waited in vain for a connection, and others were given one. Any thread."""
        full_at_s = self._full_at_s.get(self.alias)
        return full_at_s is not None and time.monotonic() - full_at_s < CROWDED_S

    def close_pool(self) -> None:
        for known in (self._away_until_s, self._errors, self._full_at_s):
            known.pop(self.alias, None)
        super().close_pool()

    def _configure_connection(self, connection: Any) -> bool:
        """By Django for each connection that the pool has made, and again whenever one is taken from it."""
        needs_commit = bool(super()._configure_connection(connection))  # type: ignore[misc]
        if getattr(connection, "asks_for_pages", False):
            return needs_commit
        connection.execute(f"SET jit = off; SET parallel_setup_cost = {PARALLEL_COST}")
        connection.asks_for_pages = True
        return True

    def _close(self) -> None:
        self._lent.pop(self.connection, None)
        super()._close()  # type: ignore[misc]

    def _take_back(self) -> None:
        """What threads have that no longer run."""
        for connection, thread in list(self._lent.items()):
            if not thread.is_alive() and self._lent.pop(connection, None) is not None:
                logger.warning("thread %s ended with a database connection: it is taken back", thread.name)
                connection._pool.putconn(connection)

    def _answering(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        try:
            self._check(connection)
        except Error:
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
            try:
                self._check(connection)
            except Error:
                self.pool.putconn(connection)
                raise
        return connection

    @staticmethod
    def _check(connection: Any) -> None:
        """It answers, and a query on it takes as long as whoever takes it may wait. One round trip, as the pool's own
        check. Raises psycopg.Error."""
        longest_s = LONGEST_S.get()
        most = "DEFAULT" if longest_s is None else str(round(longest_s * 1000))
        connection.autocommit = True
        try:
            connection.execute(f"SET lock_timeout = {most}; SET statement_timeout = {most}", prepare=False)
        finally:
            # Of one that is closed: what was raised says it.
            with suppress(Error):
                connection.autocommit = False

    def _makes_no_connection(self) -> bool:
        """The pool could have grown and did not, or tried and failed since it last gave a connection."""
        stats = self._stats()
        grows = stats["pool_size"] < stats["pool_max"]
        return grows or stats["connections_errors"] > self._errors.get(self.alias, 0)

    def _stats(self) -> dict[str, int]:
        # Counters of zero are left out.
        return {"connections_errors": 0, **self.pool.get_stats()}

    @classmethod
    def close_pools(cls) -> None:
        """Of each alias. A pool that is open when the interpreter ends waits 5 s for each of its threads, which no
        longer run then (Python 3.12 and newer)."""
        for pool in cls._connection_pools.values():  # type: ignore[attr-defined]
            pool.close()


atexit.register(DatabaseWrapper.close_pools)
