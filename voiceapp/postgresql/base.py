"""Django's PostgreSQL, whose pool loses all of its dead connections at once.

A restart of the server kills every connection that waits in the pool. psycopg's own check finds them one by one, with a
pause between two of them that doubles: with four of them dead, a request waits longer than the pool's time-out.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that answers. Raises psycopg.OperationalError, PoolTimeout."""
        connection = super().get_new_connection(conn_params)
        if self.pool is None:
            return connection
        try:
            ConnectionPool.check_connection(connection)
        except OperationalError:
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection
