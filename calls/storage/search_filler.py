"""Writes the search text of turns and kept values that have none: old ones, and those of an older process that runs
beside this one.

A thread fills the newest turns first, a few at a time; ``manage.py fill_search_text`` fills all at once. Turns of
running calls are left alone: the process that writes them may not know the column, and revise them without it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from calls.core.search_text import search_text, value_search_text
from calls.storage.models import SavedValue, Transcript
from calls.storage.rows_thread import RowsThread

BATCH_TURNS = 50
"""A process that serves calls fills this many turns at once: ten thousand take less than a minute."""
PAUSE_S = 0.1
"""The pause between two batches."""
SCAN_INTERVAL_S = 60.0
"""When all turns are filled, those that an older process has written meanwhile are looked for this often."""
MAX_CALL_DURATION = timedelta(days=1)
"""A call that began earlier is over, whatever is known of its end."""


def fill(before: int | None = None, max_turns: int = BATCH_TURNS) -> int | None:
    """Write the search text of turns with a lower key than ``before``; returns the lowest key of them, None when there
    were none. Several processes may do it at once: each takes other turns. Blocking. Raises DatabaseError."""
    return _fill(Transcript, ("text", "revised_text"), search_text, before, max_turns)


def fill_values(before: int | None = None, max_values: int = BATCH_TURNS) -> int | None:
    """...of kept values."""

    def of_value(value: str, secret: bool) -> str:
        return value_search_text(value, secret=secret)

    return _fill(SavedValue, ("value", "secret"), of_value, before, max_values)


def missing() -> bool:
    """Some turns have no search text yet, so that no search finds them."""
    # In the order of the index: otherwise PostgreSQL may read the whole table for the one row that is not there.
    return Transcript.objects.filter(search_text=None).order_by("-pk").values_list("pk").first() is not None


def _fill(
    model: Any, columns: tuple[str, ...], text_of: Callable[..., str], before: int | None, most: int
) -> int | None:
    over = Q(call__ended_at__isnull=False) | Q(call__started_at__lt=timezone.now() - MAX_CALL_DURATION)
    unfilled = model.objects.filter(over, search_text=None)
    if before is not None:
        # By key downwards: PostgreSQL would walk again over the index entries of what was just filled.
        unfilled = unfilled.filter(pk__lt=before)
    with transaction.atomic(), connection.cursor() as cursor:
        locked = unfilled.select_for_update(skip_locked=True, of=("self",)).order_by("-pk")
        rows = list(locked.values_list("pk", *columns)[:most])
        # Not bulk_update: it costs three times the interpreter's time, which is the calls'.
        statement = f"UPDATE {model._meta.db_table} SET search_text = %s WHERE id = %s"  # noqa: S608 - our own table
        cursor.executemany(statement, [(text_of(*texts), pk) for pk, *texts in rows])
    return rows[-1][0] if rows else None


class Filler(RowsThread):
    """The thread of a process that fills."""

    def __init__(self) -> None:
        super().__init__("search-fill", self._fill_some)
        self._last: int | None = None
        self._last_value: int | None = None

    def _fill_some(self) -> float:
        # Where the database is away, from the newest again. Values first: they are few.
        last, self._last = self._last, None
        last_value, self._last_value = self._last_value, None
        self._last_value = fill_values(last_value)
        if self._last_value is None:
            self._last = fill(last)
        else:
            self._last = last
        return SCAN_INTERVAL_S if self._last is None and self._last_value is None else PAUSE_S
