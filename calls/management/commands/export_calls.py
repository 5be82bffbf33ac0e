"""``manage.py export_calls --format jsonl [--call SID]``: one JSON object a call, in the form that others rely on."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from calls.desk.access_log.entries import Kind, note_command
from calls.desk.review.exporting import line, with_all_of_it
from calls.management.rows_command import RowsCommand
from calls.storage.models import Call

CHUNK = 200
READER_HAS_LEFT = 128 + signal.SIGPIPE
"""Exit status when whoever reads our output has enough of it: what a shell gives for a program that SIGPIPE ended."""


class Command(RowsCommand):
    help = "Print calls with their turns, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")
        parser.add_argument("--call", metavar="SID", help="Only this call.")

    def handle(self, *args: Any, **options: Any) -> None:
        calls = Call.objects.order_by("started_at", "pk")
        if options["call"]:
            calls = calls.filter(call_sid=options["call"])
            if not calls.exists():
                raise CommandError(f"unknown_call: there is no call {options['call']}")
        note_command(Kind.EXPORT, "export_calls", call_sid=options["call"] or "", calls=calls.count())
        try:
            for call in with_all_of_it(calls).iterator(chunk_size=CHUNK):
                self.stdout.write(line(call), ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, and would complain: https://docs.python.org/3/library/signal.html
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(READER_HAS_LEFT)
