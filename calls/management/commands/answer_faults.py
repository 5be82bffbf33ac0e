"""``manage.py answer_faults [--only NAME...] [--write]``: what a caller hears when the model or the voice
fails.

Starts the emulators and a server with a database of its own, calls a line for each fault, and prints the table of
docs/answering.md. Exit code 1 where a caller met silence, no second answer, or no fallback.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from calls.desk.codes import ANSWERING
from calls.lab.answer_fault_calls import Emulators, FaultRow, put_fault_lines, run_cases
from calls.lab.answer_faults import CASES, LONGEST_SILENCE_MS, SAMPLES
from calls.lab.call_report import CallRefused
from calls.lab.own_database import own_database, read_own_database
from calls.lab.rig import Rig, RigError, free_port
from voiceapp.runtime.arguments import seed, whole

PAGE = settings.BASE_DIR / "docs" / "answering.md"
BLOCK = re.compile(r"(<!-- faults -->\n).*?(<!-- /faults -->)", re.DOTALL)
HEAD = (
    "| fault | what the caller hears | first sound, ms | longest silence, ms | on the call | the answer's row "
    "| the next question | the same again |\n|---|---|---|---|---|---|---|---|"
)


class Command(BaseCommand):
    help = "Call lines whose language model or voice fails, and show what their callers hear."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", nargs="+", metavar="NAME", choices=[case.name for case in CASES])
        parser.add_argument("--at-once", type=whole(1, 40, "calls"), default=8)
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--write", action="store_true", help="Put the table into docs/answering.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        cases = [case for case in CASES if not options["only"] or case.name in options["only"]]
        if options["write"] and len(cases) < len(CASES):
            raise CommandError("not_all: only a table of all faults is written")
        log = settings.VAR_DIR / "answer_faults.log"
        emulators = Emulators(free_port(), free_port())
        try:
            with own_database(secrets.token_urlsafe(9)) as environment:
                read_own_database()
                environment = environment | emulators.environment
                # A line may name a model only where there is one: the server has it, and so must this process.
                settings.LLM_BASE_URL = environment["LLM_BASE_URL"]
                put_fault_lines(cases)
                with Rig(SAMPLES, log, seed=options["seed"], environment=environment) as rig:
                    rows = asyncio.run(run_cases(rig, emulators, cases, options["at_once"]))
        except RigError as error:
            raise CommandError(str(error)) from error
        except CallRefused as error:
            raise CommandError(f"call_refused: {error.code}") from error
        text = table(rows)
        self.stdout.write(text)
        if options["write"]:
            write(PAGE, text)
        if problems := [problem for row in rows for problem in row.problems]:
            raise CommandError("\n".join(problems))


def table(rows: Sequence[FaultRow]) -> str:
    longest_ms = max(row.answer.silence_ms for row in rows)
    return "\n".join(
        [
            HEAD,
            *(_line(row) for row in rows),
            "",
            f"{timezone.localdate()}, all of it emulated; the longest silence was {longest_ms} ms, "
            f"{LONGEST_SILENCE_MS} are allowed.",
        ]
    )


def write(page: Path, text: str) -> None:
    """Between the page's marks. Raises CommandError where it has none."""
    new, found = BLOCK.subn(lambda marks: f"{marks[1]}{text}\n{marks[2]}", page.read_text("utf-8"))
    if not found:
        raise CommandError(f"no_marks: {page.name} has no place for the table")
    page.write_text(new, "utf-8")


def _line(row: FaultRow) -> str:
    answer = row.answer
    voices = {None: "", True: ", with a second voice", False: ", without one"}[row.second_voice]
    cells = [
        f"`{row.name}`{voices}",
        answer.heard,
        "never" if answer.first_ms is None else str(answer.first_ms),
        str(answer.silence_ms),
        " ".join(f"`{code}`" for code in answer.codes if code in ANSWERING),
        " ".join(filter(None, (answer.outcome, answer.code and f"`{answer.code}`"))),
        {None: "", True: "answered", False: "not answered"}[row.goes_on],
        {None: "", True: "the line's fallback", False: "the call goes on"}[row.fallback],
    ]
    return "| " + " | ".join(cells) + " |"
