"""``manage.py barge_table [--clips DIR] [--seed N] [--quick] [--echo DB]``: when callers stop the line, and when it
stops itself.
The tables of docs/answering.md, in virtual time and with emulated engines; no database, no network.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from calls.lab.barge_measurement import (
    AGAINST_OURS_DB,
    ECHOES_DB,
    FULL,
    QUICK,
    BargeMeasurement,
    is_required,
    voices,
)
from calls.lab.gsm import GsmLeg, GsmMissing
from calls.lab.rig import RigError
from calls.lab.table_command import TableCommand
from stt.endpointing.echo_canceller import EchoCancellers
from stt.tuning import Tuning


class Command(TableCommand):
    help = "Print the tables of docs/answering.md that show what stops the line, and what its echo does."
    quick_help = "A few calls of each kind."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        names = [_name(echo_db) for echo_db in ECHOES_DB]
        parser.add_argument("--echo", choices=names, action="append", help="Its rows alone; may be given again.")

    def print_tables(self, options: dict[str, Any]) -> None:
        begun_s = time.process_time()
        people = options["clips"] if options["clips"].is_dir() else None
        if people is None:
            self.stdout.write(f"no_recordings: {options['clips']} is not there; the callers are synthetic samples")
        try:
            who = voices(options["samples"], people)
        except (RigError, OSError) as error:
            raise CommandError(f"no_recordings: {error}") from error
        measured = BargeMeasurement(who, Tuning(), options["seed"], QUICK if options["quick"] else FULL)
        self.stdout.write(
            f"the line: {len(who.ours)} synthetic recordings; callers: {len(who.callers)} of {who.said_by}; "
            f"backchannels: {len(who.backchannels)} synthetic recordings"
        )
        mobiles = [False, *self._mobile()]
        echoes = [echo_db for echo_db in ECHOES_DB if options["echo"] is None or _name(echo_db) in options["echo"]]
        rows = [(echo_db, gsm) for echo_db in echoes for gsm in (mobiles if echo_db is not None else [False])]
        missed = self._table("by the rule alone", measured, rows)
        cancellers = EchoCancellers()
        cancellers.load()
        if cancellers.make() is not None:
            cancelled = replace(measured, make_canceller=cancellers.make)
            missed += self._table("with the canceller", cancelled, rows)
        else:
            self.stdout.write("pywebrtc-audio is not installed: the canceller is not measured (requirements-echo.txt)")
        for one in missed:
            self.stdout.write(f"missed: {one}")
        took_s = time.process_time() - begun_s
        self.stdout.write(
            f"\n{timezone.localdate()}, seed {options['seed']}, {took_s:.0f} s of CPU; all words and times emulated"
        )

    def _mobile(self) -> list[bool]:
        try:
            GsmLeg()
        except GsmMissing as missing:
            self.stdout.write(f"{missing.code}: {missing}; GSM is not measured")
            return []
        return [True]

    def _table(self, name: str, measured: BargeMeasurement, rows: list[tuple[float | None, bool]]) -> list[str]:
        """What was missed."""
        self.stdout.write(f"\n{name}")
        callers = [cell for db in AGAINST_OURS_DB for cell in (f"{db:g} dB: taken", "onset to clear p50 / p95 ms")]
        self._head(
            "echo", "stops itself", "echo turns answered", *callers, "backchannels: stopped", "resumed", "answered"
        )
        missed: list[str] = []
        for echo_db, gsm in rows:
            missed += self._echo(measured, echo_db, gsm)
        return [f"{one}, {name}" for one in missed]

    def _echo(self, measured: BargeMeasurement, echo_db: float | None, gsm: bool) -> list[str]:
        """A row."""
        name = f"{_name(echo_db)}{' dB' if echo_db is not None else ''}{', GSM' if gsm else ''}"
        alone, listening = measured.alone(echo_db, gsm=gsm), measured.backchannels(echo_db, gsm=gsm)
        cells, found = list(alone.cells()), {"the line stops or answers itself": alone.holds}
        for against_db in AGAINST_OURS_DB:
            timed = measured.make_canceller is not None
            required = is_required(echo_db, against_db, canceller=timed)
            taken = measured.taken(echo_db, against_db, gsm=gsm)
            cells += taken.cells(required=required, timed=timed)
            holds = (taken.are_taken or not required) and (taken.is_timely or not timed)
            found[f"callers of {against_db:g} dB"] = holds
        self._row(name, *cells, *listening.cells())
        found["backchannels"] = listening.holds
        return [f"{what} (echo {name})" for what, holds in found.items() if not holds]

    def _row(self, *cells: object) -> None:
        self.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |")
        self.stdout.flush()

    def _head(self, *cells: str) -> None:
        self.stdout.write("")
        self._row(*cells)
        self.stdout.write(f"|{'---|' * len(cells)}")


def _name(echo_db: float | None) -> str:
    return "none" if echo_db is None else f"{echo_db:g}"
