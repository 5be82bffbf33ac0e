"""``manage.py rebuild_sums``: count all calls and turns anew into the sums of lines' hours."""

from __future__ import annotations

from typing import Any

from calls.management.rows_command import RowsCommand
from calls.storage.line_hours import HOURS_AT_ONCE, ChangedHour, fold, mark_all

SAY_EVERY = 600
"""Hours."""


class Command(RowsCommand):
    help = "Count the sums of lines' hours anew from their rows. A server goes on with what is left when broken off."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"hours with calls or sums: {mark_all()}")
        counted = 0
        while hours := fold(HOURS_AT_ONCE):
            counted += hours
            if counted % SAY_EVERY == 0:
                self.stdout.write(f"hours counted so far: {counted}")
        waiting = ChangedHour.objects.values("hour").distinct().count()
        self.stdout.write(f"hours counted: {counted}" + (f"; left to a server: {waiting}" if waiting else ""))
