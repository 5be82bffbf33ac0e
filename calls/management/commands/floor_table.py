"""``manage.py floor_table [--clips DIR] [--seed N] [--quick]``: when the line speaks, and over whom. The tables of
docs/answering.md, in virtual time and with emulated engines; no database, no network.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from calls.lab.answered_scene import AnsweringSetup, Cue
from calls.lab.floor_figures import CURVE_MS, REQUIRED, Curve, DefaultFigures, misses, spread
from calls.lab.floor_measurement import FULL, QUICK, FloorMeasurement, emulated_cue, rules, smart_turn_cue
from calls.lab.floor_recordings import FloorRecordings, people, samples
from calls.lab.floor_scenes import CLEAN
from calls.lab.rig import RigError
from calls.lab.table_command import TableCommand
from calls.reply import turn_model
from stt.tuning import Tuning


class Command(TableCommand):
    help = "Print the tables of docs/answering.md that show when the line speaks."
    quick_help = "One recording in ten, a few numbers, no noise."

    def print_tables(self, options: dict[str, Any]) -> None:
        begun_s = time.process_time()
        size = QUICK if options["quick"] else FULL
        sources = [self._people(options["clips"]), _samples(options["samples"])]
        measured = [
            FloorMeasurement(one.some(size.every, size.noises), options["seed"], size)
            for one in sources
            if one is not None
        ]
        for one in measured:
            self._say_what(one.recordings)
        self._required(measured)
        emulated: dict[str, Cue] = {"an emulated cue": emulated_cue(options["seed"])}
        model: dict[str, Cue] = {}
        if turn_model.installed():
            model["smart-turn"] = smart_turn_cue()
        else:
            self.stdout.write(f"\nsmart-turn is not installed and not measured ({turn_model.MISSING})")
        self._rules(measured[0], emulated | model)
        self._curves(measured[0], emulated, size.curve_rounds)
        if model:
            self._curves(measured[0], model, size.model_curve_rounds)
        if measured[0].recordings.recitation:
            recited = FloorMeasurement(measured[0].recordings.recited(), options["seed"], size)
            self._curves(recited, emulated | model, 1)
        took_s = time.process_time() - begun_s
        self.stdout.write(
            f"\n{timezone.localdate()}, seed {options['seed']}, {took_s:.0f} s of CPU; all times emulated"
        )

    def _people(self, folder: Path) -> FloorRecordings | None:
        if not folder.is_dir():
            self.stdout.write(f"no_recordings: {folder} is not there; only the synthetic samples are measured")
            return None
        try:
            return people(folder)
        except (RigError, OSError) as error:
            raise CommandError(f"no_recordings: {error}") from error

    def _say_what(self, recordings: FloorRecordings) -> None:
        counts = {
            "sentences": recordings.sentences,
            "recited verses": recordings.recitation,
            "short answers": recordings.words,
            "digits": recordings.digits,
        }
        said = ", ".join(f"{len(found)} {name}" for name, found in counts.items() if found)
        self.stdout.write(f"{recordings.name}: {said}")

    def _required(self, measured: list[FloorMeasurement]) -> None:
        columns: dict[str, DefaultFigures] = {
            f"{one.recordings.name}, {noise.name}": one.at_defaults(noise)
            for one in measured
            for noise in one.recordings.noises
        }
        self._head("at the defaults", "required", *columns)
        values = [figures.measured() for figures in columns.values()]
        for required in REQUIRED:
            limit = f"≤ {required.limit} {required.unit}".strip()
            self._row(required.name, limit, *(required.cell(each[required.name]) for each in values))
        self._row("pauses, numbers measured", "", *(f"{_pauses(each)}, {_numbers(each)}" for each in columns.values()))
        delays = [f"{each.english.mean_delay_ms:.0f} ms" for each in columns.values()]
        self._row("last word's end to the answer, open, mean", "", *delays)
        for name, figures in columns.items():
            for missed in misses(figures):
                self.stdout.write(f"\nmissed: {missed} ({name})")

    def _rules(self, measured: FloorMeasurement, cues: dict[str, Cue]) -> None:
        self._head(
            f"{measured.recordings.name}, by rule",
            "",
            '"en" pauses answered',
            '"ar" pauses answered',
            "sentences: floor mean ms",
            "short answers: floor ms",
            "numbers answered early",
        )
        for name, setup in rules(cues).items():
            for noise in measured.recordings.noises:
                figures = measured.by_rule(noise, setup)
                self._row(
                    name,
                    noise.name,
                    f"{figures.english.share_answered:.1f} %",
                    f"{figures.arabic.share_answered:.1f} %",
                    f"{figures.english.mean_floor_ms:.0f}",
                    spread(figures.words.floors_ms),
                    f"{figures.numbers.early} of {len(figures.numbers.scenes)}",
                )

    def _curves(self, measured: FloorMeasurement, cues: dict[str, Cue], rounds: int) -> None:
        silence = AnsweringSetup(reads_text=False)
        curves = {"plain silence": measured.curve(CLEAN, silence, rounds)}
        for name, cue in cues.items():
            with_cue = AnsweringSetup(reads_text=False, cue=cue, tuning=Tuning(turn_model="smart_turn"))
            curves[name] = measured.curve(CLEAN, with_cue, rounds)
        name = measured.recordings.name
        self._head(f'{name}: "en" pauses answered at a mean delay of', *(f"{delay_ms} ms" for delay_ms in CURVE_MS), "")
        for name, curve in curves.items():
            below = "" if name == "plain silence" else _below(curve, curves["plain silence"])
            self._row(name, *(_share(curve.at(delay_ms)) for delay_ms in CURVE_MS), below)

    def _row(self, *cells: object) -> None:
        self.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |")

    def _head(self, *cells: str) -> None:
        self.stdout.write("")
        self._row(*cells)
        self.stdout.write(f"|{'---|' * len(cells)}")


def _samples(folder: Path) -> FloorRecordings:
    try:
        return samples(folder)
    except RigError as error:
        raise CommandError(str(error)) from error


def _pauses(figures: DefaultFigures) -> str:
    return f"{figures.english.pauses + figures.arabic.pauses}"


def _numbers(figures: DefaultFigures) -> str:
    return f"{len(figures.numbers.scenes)}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f} %"


def _below(curve: Curve, silence: Curve) -> str:
    return "below plain silence at each" if curve.lies_below(silence) else "**not below plain silence at each**"
