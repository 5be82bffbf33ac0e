"""``manage.py phrases``: how much of what voices said is kept; ``--purge``, ``--render``.

A save renders its line on the machine that saved it (calls/process/rendering.py); another one, or one whose phrases
were purged, does it with ``--render``: after a deploy, before the first call.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from calls.lines.models import PhoneLine
from calls.lines.spoken_texts import fixed_texts, is_answering
from calls.management.rows_command import RowsCommand
from calls.process.services import services
from voiceapp.runtime.counted import counted


class Command(RowsCommand):
    help = "Say how many phrases are kept on disk; delete them, or render what lines always say."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--purge", action="store_true", help="Delete them all: voices say them again when needed.")
        which.add_argument(
            "--render",
            action="store_true",
            help="Synthesise every line's greeting, fixed dialogue texts and prompts in its voice, as far as they are "
            "missing. Ends with an error where some could not be.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        phrases = services().voices.phrases
        if options["purge"]:
            self.stdout.write(f"deleted {counted(phrases.purge(), 'phrase')}")
            return
        lines = PhoneLine.objects.select_related("dialogue") if options["render"] else []
        failed = sum(self._render(line) for line in lines)
        count, size_bytes = phrases.size()
        self.stdout.write(f"{counted(count, 'phrase')}, {size_bytes / (1 << 20):.1f} MB")
        if failed:
            raise CommandError(f"phrases_not_rendered: {counted(failed, 'phrase')} could not be synthesised")

    def _render(self, line: PhoneLine) -> int:
        """How many of its phrases failed."""
        texts = fixed_texts(line)
        failed = services().rendering.render(line.voice, texts, answers=is_answering(line))
        for text, error in failed.items():
            self.stderr.write(f"{line.number}: {error.code}: {text}: {error.message}")
        self.stdout.write(f"{line.number}: {len(texts)} texts")
        return len(failed)
