"""``manage.py fill_search_text``: write the search text of turns, corrections and kept values that have none, after an
upgrade."""

from __future__ import annotations

from typing import Any

from django.db import connection

from calls.desk.review.corrections import fill_search_text as fill_corrections
from calls.management.rows_command import RowsCommand
from calls.storage.models import Transcript
from calls.storage.search_filler import fill, fill_values
from voiceapp.runtime.counted import counted

BATCH_TURNS = 1000
SAY_EVERY = 100_000


class Command(RowsCommand):
    help = "Make old turns searchable now; a server does it by itself, slowly. May be broken off and run again."

    def handle(self, *args: Any, **options: Any) -> None:
        fill_corrections()
        value = None
        while (value := fill_values(value, BATCH_TURNS)) is not None:
            pass
        filled, last = 0, None
        while (last := fill(last, BATCH_TURNS)) is not None:
            filled += BATCH_TURNS
            if filled % SAY_EVERY == 0:
                self.stdout.write(f"about {counted(filled, 'turn')} so far")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE calls_transcript")
        left = Transcript.objects.filter(search_text=None).count()
        self.stdout.write(
            f"done but for {counted(left, 'turn')}: of running calls, or in a server's hands" if left else "done"
        )
