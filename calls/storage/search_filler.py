"""Writes the search text of turns that have none: old ones, and those of an older process that runs beside us.

Newest first, a few at a time, from a thread of its own; ``manage.py fill_search_text`` does it at once. Turns of
running calls are left alone: the process that writes them may not know the column, and revise them without it.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.storage.models import Transcript
from calls.storage.search_text import search_text
from voiceapp.runtime import background

logger = logging.getLogger(__name__)

BATCH_TURNS, PAUSE_S = 50, 0.1
"""At once, in a process that hears; ten thousand are done in less than a minute."""
LOOK_S = 60.0
"""How often is looked for turns that an older process has written meanwhile."""
LONGEST_CALL = timedelta(days=1)
"""A call that began earlier is over, whatever is known of its end."""
_FILL = "UPDATE calls_transcript SET search_text = %s WHERE id = %s"


def fill(before: int | None = None, most: int = BATCH_TURNS) -> int | None:
    """Write the search text of so many turns, of those with a lower key than ``before``; the lowest key of them, None
    where there were none. Several processes may: each takes others. Blocking. Raises DatabaseError."""
    with transaction.atomic(), connection.cursor() as cursor:
        turns = list(_fillable(before).select_for_update(skip_locked=True, of=("self",)).order_by("-pk")[:most])
        # Not bulk_update: it costs three times the interpreter's time, which is the calls'.
        cursor.executemany(_FILL, [(search_text(text, revised), pk) for pk, text, revised in turns])
    return turns[-1][0] if turns else None


def missing() -> bool:
    """There are turns that no search finds yet."""
    # In an order that its index has: else PostgreSQL may read the whole table for the one row that is not there.
    return Transcript.objects.filter(search_text=None).order_by("-pk").values_list("pk").first() is not None


def _fillable(before: int | None) -> QuerySet[Transcript, tuple[int, str, str | None]]:
    over = Q(call__ended_at__isnull=False) | Q(call__started_at__lt=timezone.now() - LONGEST_CALL)
    turns = Transcript.objects.filter(over, search_text=None).values_list("pk", "text", "revised_text")
    # By key downwards: PostgreSQL would walk again over the index entries of what was just filled.
    return turns if before is None else turns.filter(pk__lt=before)


class Filler:
    """One process's thread that fills."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: background.Worker | None = None

    def start(self) -> None:
        """Idempotent."""
        if self._thread is None:
            self._thread = background.thread("search-fill", self._run)
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.retire()
        self._stopping.set()

    def _run(self) -> None:
        last: int | None = None
        while not self._stopping.is_set():
            try:
                close_old_connections()
                last = fill(last)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("no search text was written (%s): trying again", type(error).__name__)
                last = None
            self._stopping.wait(LOOK_S if last is None else PAUSE_S)
