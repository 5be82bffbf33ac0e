"""A database that does not answer now, told from an error of ours: who asks again in a moment may be answered."""

from __future__ import annotations

import sqlite3

from django.db import OperationalError

RETRY_S = 5
"""What Retry-After says. A database that is back is found within a second or two."""


def is_away(error: BaseException | None) -> bool:
    """It gave no connection, lost it, is locked, or has no room. Whatever is wrong with a query is none of that: SQLite
    has the same class for it, with a code of its own."""
    if not isinstance(error, OperationalError):
        return False
    code: int | None = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is None or code & 0xFF != sqlite3.SQLITE_ERROR
