"""Pages by keyset: a cursor says behind which row the next page begins, so that rows which come meanwhile neither
repeat nor hide others, and a late page costs what the first one does. Pure.

Every text that has CURSOR's form is a cursor: one that nobody was given begins a page somewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

CURSOR = r"^[0-9]{1,16}-[0-9]{1,18}$"
"""Microseconds since 1970, or milliseconds of a call; and a row's key or a turn's number."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def cursor_of(value: int, key: int) -> str:
    return f"{value}-{key}"


def read(cursor: str) -> tuple[int, int]:
    value, _, key = cursor.partition("-")
    return int(value), int(key)


def micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND
