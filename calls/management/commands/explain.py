"""``manage.py explain SID [--fallback] [--words]``: a call's story from its rows, and what to look at.

``--fallback``: the ten lines around the place where the one-shot recogniser was first asked. Words and numbers are
shown only with ``--words``, which is a row of the access log.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from calls.desk.access_log.entries import Kind, note_command
from calls.desk.review.call_advice import advice_on
from calls.desk.review.call_story import around_fallback, heading, story_of
from calls.management.rows_command import RowsCommand
from calls.storage.models import Call


class Command(RowsCommand):
    help = "Tell what happened in a call, line by line, and what to look at."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sid", metavar="SID", help="CallSid.")
        parser.add_argument("--fallback", action="store_true", help="Only the ten lines around the first fallback.")
        parser.add_argument("--words", action="store_true", help="With what was said, and the numbers.")

    def handle(self, *args: Any, **options: Any) -> None:
        call = Call.objects.filter(call_sid=options["sid"]).first()
        if call is None:
            raise CommandError(f"unknown_call: there is no call {options['sid']}")
        if options["words"]:
            note_command(Kind.READ, "explain", call_sid=call.call_sid)
        with translation.override("en"):
            self._tell(call, options["fallback"], options["words"])

    def _tell(self, call: Call, fallback: bool, words: bool) -> None:
        lines = story_of(call, words=words)
        shown = around_fallback(lines) if fallback else lines
        self.stdout.write(heading(call, words=words))
        if fallback and not shown:
            self.stdout.write("the one-shot recogniser was never asked")
            return
        for line in shown:
            self.stdout.write(str(line))
        for sentence in advice_on(call, shown):
            self.stdout.write(f"→ {sentence}")
