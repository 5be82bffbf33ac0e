"""Writes the search text of turns that have none: old ones, and those of an older process that runs beside this one.

A thread fills the newest turns first, a few at a time; ``manage.py fill_search_text`` fills all at once. Turns of
running calls are left alone: the process that writes them may not know the column, and revise them without it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.storage.models import Transcript
from calls.storage.rows_thread import RowsThread
from calls.storage.search_text import search_text

BATCH_TURNS = 50
"""A process that serves calls fills this many turns at once: ten thousand take less than a minute."""
PAUSE_S = 0.1
"""The pause between two batches."""
SCAN_INTERVAL_S = 60.0
"""When all turns are filled, those that an older process has written meanwhile are looked for this often."""
MAX_CALL_DURATION = timedelta(days=1)
"""A call that began earlier is over, whatever is known of its end."""
_FILL = "UPDATE calls_transcript SET search_text = %s WHERE id = %s"


def fill(before: int | None = None, max_turns: int = BATCH_TURNS) -> int | None:
    """Write the search text of turns with a lower key than ``before``; returns the lowest key of them, None when there
    were none. Several processes may do it at once: each takes other turns. Blocking. Raises DatabaseError."""
    with transaction.atomic(), connection.cursor() as cursor:
        turns = list(_fillable(before).select_for_update(skip_locked=True, of=("self",)).order_by("-pk")[:max_turns])
        # Not bulk_update: it costs three times the interpreter's time, which is the calls'.
        cursor.executemany(_FILL, [(search_text(text, revised), pk) for pk, text, revised in turns])
    return turns[-1][0] if turns else None


def missing() -> bool:
    """Some turns have no search text yet, so that no search finds them."""
    # In the order of the index: otherwise PostgreSQL may read the whole table for the one row that is not there.
    return Transcript.objects.filter(search_text=None).order_by("-pk").values_list("pk").first() is not None


def _fillable(before: int | None) -> QuerySet[Transcript, tuple[int, str, str | None]]:
    over = Q(call__ended_at__isnull=False) | Q(call__started_at__lt=timezone.now() - MAX_CALL_DURATION)
    turns = Transcript.objects.filter(over, search_text=None).values_list("pk", "text", "revised_text")
    # By key downwards: PostgreSQL would walk again over the index entries of what was just filled.
    return turns if before is None else turns.filter(pk__lt=before)


class Filler(RowsThread):
    """The thread of a process that fills."""

    def __init__(self) -> None:
        super().__init__("search-fill", self._fill_some)
        self._last: int | None = None

    def _fill_some(self) -> float:
        # Where the database is away, from the newest again.
        last, self._last = self._last, None
        self._last = fill(last)
        return SCAN_INTERVAL_S if self._last is None else PAUSE_S
