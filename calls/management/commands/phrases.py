"""``manage.py phrases``: how much of what voices said is kept; ``--purge`` forgets it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from calls.process.services import services


class Command(BaseCommand):
    help = "Say how many phrases are kept on disk, or delete them: voices say them again when they are needed."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--purge", action="store_true", help="Delete them all.")

    def handle(self, *args: Any, **options: Any) -> None:
        phrases = services().voices.phrases
        if options["purge"]:
            self.stdout.write(f"deleted {phrases.purge()} phrases")
            return
        count, size_bytes = phrases.size()
        self.stdout.write(f"{count} phrases, {size_bytes / (1 << 20):.1f} MB")
