"""``manage.py wer --engine A --engine B [--gold DIR | --user NAME [--line NUMBER] [--last N]]``: who hears best.

Replays corrected turns through engines and prints how many words each got wrong, and what it took. Streams are fed at
the pace of speech. What was measured is kept and stands on the page /desk/engines/.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from calls.core.addresses import canonical
from calls.desk.engines.figures import SHORT_WORDS
from calls.desk.engines.gold import GoldError, GoldTurn, read
from calls.desk.engines.measuring import (
    WAYS,
    MeasuredEngine,
    MeasuringError,
    guarded_engine,
    keep,
    measure,
    settings_for,
)
from calls.desk.engines.shown import milliseconds, percent
from calls.desk.tuning.comparison import Shown
from calls.desk.tuning.uncertainty import MIN_CALLS
from calls.lines.models import PhoneLine
from calls.management.commands.gold import add_source, taken
from calls.management.rows_command import RowsCommand
from calls.process.recognition import engine_variables
from stt.default_profile import default_of
from stt.engines.catalogue import by_name
from stt.models import TuningProfile
from stt.tuning import Tuning, TuningError
from voiceapp.runtime.arguments import decimal, seed, whole
from voiceapp.runtime.counted import counted


class Command(RowsCommand):
    help = "Measure engines by corrected turns: word errors, short answers, latencies, price."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(by_name())
        parser.add_argument(
            "--engine",
            action="append",
            required=True,
            dest="engines",
            metavar="NAME",
            help=f"One of {names}; several times. The others are compared with the first.",
        )
        parser.add_argument(
            "--way", action="append", choices=WAYS, dest="ways", help="How it is asked; else as it can."
        )
        parser.add_argument("--gold", type=Path, metavar="DIR", help="What manage.py gold has written.")
        add_source(parser, required=False)
        parser.add_argument("--profile", metavar="NAME", help="Whose hints and settings; else the line's, the default.")
        parser.add_argument(
            "--not-worse-by",
            type=decimal(0, 100, "points"),
            metavar="POINTS",
            help="Fail unless the interval of every difference to the first engine lies below so many points.",
        )
        parser.add_argument("--parallel", type=whole(1, 50, "at once"), default=4, metavar="N")
        parser.add_argument("--seed", type=seed, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        line = canonical(options["line"]) if options["line"] else ""
        if not options["gold"] and not options["user"]:
            raise CommandError("one of the arguments --gold --user is required", returncode=2)
        if options["gold"] and line:
            raise CommandError("two_sources: a folder holds its own lines; leave --line or --gold out")
        tuning = _tuning(options["profile"], line)
        entries, values = by_name(), engine_variables()
        try:
            engines = {}
            for name in options["engines"]:
                if name not in entries:
                    raise MeasuringError("unknown_engine", f"there is no {name!r}; there are: {', '.join(entries)}")
                engines[name] = guarded_engine(entries[name], values), settings_for(entries[name], tuning)
            gold = read(options["gold"]) if options["gold"] else self._taken(options)
            if not gold:
                raise CommandError(f"no_gold: {options['gold']} lists no turn")
            found = measure(
                gold,
                engines,
                options["ways"] or WAYS,
                parallel=options["parallel"],
                seed=options["seed"],
                said=self.stderr.write,
            )
        except (MeasuringError, GoldError) as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        user = get_user_model().objects.filter(username=options["user"] or "").first()
        row = keep(found, user, line, tuning.profile)
        self.stdout.write(
            f"{counted(row.turns, 'turn')} of {counted(row.calls, 'call')}; kept as measurement {row.pk}\n\n"
        )
        self.stdout.write("\n".join(_table(found.engines, row.calls)))
        _demand(found.engines, options["not_worse_by"], row.calls)

    def _taken(self, options: dict[str, Any]) -> list[GoldTurn]:
        found = taken(options)
        for sentence in found.left_out_said:
            self.stderr.write(sentence)
        return found.turns


def _tuning(name: str | None, line: str) -> Tuning:
    """Raises CommandError."""
    profiles = TuningProfile.objects.all()
    if name:
        profile = profiles.filter(name=name).first()
        if profile is None:
            raise CommandError(f"unknown_profile: there is no profile {name!r}")
    else:
        of_line = PhoneLine.objects.filter(number=line).select_related("profile").first() if line else None
        profile = of_line.profile if of_line else default_of(profiles)
    try:
        return profile.tuning() if profile else Tuning()
    except TuningError as error:
        raise CommandError(f"{error.code}: {error.message}") from error


def _demand(engines: Sequence[MeasuredEngine], points: float | None, calls: int) -> None:
    """Raises CommandError ``may_be_worse``: an interval that reaches beyond the points has not shown enough.

    ``too_few_calls``: there is no interval. ``first_engine_failed``: next to one that heard nothing any is good.
    """
    if points is None:
        return
    if calls < MIN_CALLS:
        raise CommandError(f"too_few_calls: {calls}; of fewer than {MIN_CALLS} nothing can be shown")
    if engines[0].all_failed:
        raise CommandError(
            f"first_engine_failed: every turn of {engines[0].key} failed: there is nothing to be as good as"
        )
    # Without an interval nothing was shown at all.
    worse = [one.key for one in engines[1:] if one.difference.high is None or 100 * one.difference.high > points]
    if worse:
        raise CommandError(f"may_be_worse: than {engines[0].key} by more than {points:g} points: {', '.join(worse)}")


def _table(engines: Sequence[MeasuredEngine], calls: int) -> list[str]:
    """Markdown, as docs and issues take it."""
    head = (
        "engine",
        "WER",
        "CER",
        "short answers right",
        "final p50",
        "final p95",
        "$ an hour",
        "failed",
        "WER - first",
    )
    rows = [head, tuple("---" for _ in head)]
    for one in engines:
        found = one.estimates
        short = f"{_text(percent(found['short']))} of {one.short}" if one.short else "-"
        failed = [_text(percent(found["failed"])), *(f"{code} {count}" for code, count in one.codes.items())]
        rows.append(
            (
                one.key + (" (emulated)" if one.emulated else ""),
                _text(percent(found["wer"])),
                _text(percent(found["cer"])),
                short,
                _text(milliseconds(found["final_p50"])),
                _text(milliseconds(found["final_p95"])),
                one.price_per_hour,
                " ".join(failed),
                _text(percent(one.difference, signed=True)),
            )
        )
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [
        *lines,
        "",
        "In brackets: the interval that the calls leave open, in 95 of 100 cases.",
        *(f"{one.key}: every turn failed; its word errors say nothing." for one in engines if one.all_failed),
        *([f"—: of {counted(calls, 'call')} there is none; it takes {MIN_CALLS}."] if calls < MIN_CALLS else []),
        f"Short: {SHORT_WORDS} words at most.",
        "Final: of a stream from the end of the speech, of a one-shot from its request.",
    ]


def _text(figure: Shown) -> str:
    return f"{figure.value} [{figure.interval}]" if figure.interval else figure.value
