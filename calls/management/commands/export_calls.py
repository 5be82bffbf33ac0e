"""``manage.py export_calls --format jsonl [--call SID]``: one JSON object a call, in the form that others rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from calls.desk.access_log.entries import Kind, note_command
from calls.lines.exporting import line, with_all_of_it
from calls.management.rows_command import RowsCommand
from calls.management.written import written
from calls.storage.models import Call
from voiceapp.runtime.counted import counted

CHUNK = 200


class Command(RowsCommand):
    help = "Print calls with their turns, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")
        parser.add_argument("--call", metavar="SID", help="Only this call.")
        parser.add_argument(
            "--out", type=Path, metavar="FILE.jsonl", help="A file for them, whole or not at all; default the output."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        calls = Call.objects.order_by("started_at", "pk")
        if options["call"]:
            calls = calls.filter(call_sid=options["call"])
            if not calls.exists():
                raise CommandError(f"unknown_call: there is no call {options['call']}")
        note_command(Kind.EXPORT, "export_calls", call_sid=options["call"] or "", calls=calls.count(), detail="jsonl")
        if options["out"] is not None:
            self._write(options["out"], with_all_of_it(calls))
            return
        for call in with_all_of_it(calls).iterator(chunk_size=CHUNK):
            self.stdout.write(line(call), ending="")

    def _write(self, path: Path, calls: QuerySet[Call]) -> None:
        count = 0
        with written(path) as file:
            for call in calls.iterator(chunk_size=CHUNK):
                file.write(line(call).encode())
                count += 1
        self.stdout.write(f"{counted(count, 'call')} in {path}")
