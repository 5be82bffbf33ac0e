"""``manage.py doctor [--json] [--only CHECK…]``: is all well with this box, and what to do where it is not.

Asks what calls need, by one real request where it can: of an engine a second of silence, of a voice one word. Exit code
1 where something has failed; warnings leave it 0.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from calls.management.doctor.examination import CHECKS, check_of, examine, is_well
from calls.management.doctor.finding import Finding, FindingState

COLUMN = 18
STYLES = {
    FindingState.OK: "SUCCESS",
    FindingState.WARNING: "WARNING",
    FindingState.FAILED: "ERROR",
    FindingState.SKIPPED: "HTTP_INFO",
}


class Command(BaseCommand):
    help = "Check what calls need, each line ok or what to do; exit code 1 where something has failed."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object a finding, for scripts.")
        parser.add_argument(
            "--only",
            nargs="+",
            type=_check,
            default=tuple(CHECKS),
            metavar="CHECK",
            help=f"By the name of a check ({', '.join(CHECKS)}), or of what a line says is of it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in examine(dict.fromkeys(options["only"])):
            findings.append(finding)
            self.stdout.write(
                json.dumps(asdict(finding), ensure_ascii=False) if options["json"] else self._line(finding)
            )
            self.stdout.flush()
        if not is_well(findings):
            sys.exit(1)

    def _line(self, finding: Finding) -> str:
        state = getattr(self.style, STYLES[finding.state])(f"{finding.state:<8}")
        advice = f"\n{'':<8} {'':<{COLUMN}} → {finding.advice}" if finding.advice else ""
        return f"{state} {finding.check:<{COLUMN}} {finding.detail}{advice}"


def _check(name: str) -> str:
    try:
        return check_of(name)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
