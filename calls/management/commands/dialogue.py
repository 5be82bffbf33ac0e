"""``manage.py dialogue check FILE | --line NUMBER``: a dialogue's faults, or what comes of its examples. Pure time.

Exit status 1: it is invalid, or an example differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.core.addresses import canonical
from calls.lines.models import PhoneLine
from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_examples import results_of, summary
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_format import MAX_BYTES
from calls.reply.dialogue_lines import DialogueLines
from calls.reply.dialogue_text import plain_of


class Command(BaseCommand):
    help = "Check a dialogue, of a file or of a phone line, and hold its example conversations."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("file", nargs="?", type=Path, metavar="FILE", help="YAML or JSON.")
        which.add_argument("--line", metavar="NUMBER", help="The dialogue that answers this number.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = _of_line(options["line"]) if options["line"] else _of_file(options["file"])
        lines = DialogueLines(text)
        try:
            results = results_of(script_of(plain_of(text)))
        except DialogueInvalid as invalid:
            raise CommandError(
                "\n".join(f"dialogue_invalid: {lines.said(fault.path)}{fault}" for fault in invalid.faults)
            ) from invalid
        for result in results:
            for difference in result.differences:
                self.stdout.write(f"{result.name}: {lines.said(difference.path)}{difference}")
        self.stdout.write(
            f"{summary(results)} examples pass" if results else "the dialogue is valid; it has no examples"
        )
        if not all(result.passed for result in results):
            raise CommandError("examples_failed: the dialogue does not do what its examples say")


def _of_line(number: str) -> str:
    line = PhoneLine.objects.select_related("dialogue").filter(number=canonical(number)).first()
    if line is None:
        raise CommandError(f"unknown_line: there is no line {number}")
    if line.dialogue is None:
        raise CommandError(f"no_dialogue: the line {number} has none")
    return line.dialogue.text


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # One byte more says that it is too large.
            return file.read(MAX_BYTES + 1).decode("utf-8")
    except OSError as error:
        raise CommandError(f"not_read: {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"not_read: {path} is not UTF-8") from error
