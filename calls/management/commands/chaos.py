"""``manage.py chaos``: every fault of the recogniser over real sockets, and what became of the words.

One row a fault: an emulator with it and a server, calls of recordings at real time, their words counted as the demo
counts them. Exit code 1 when a word was lost, doubled or out of order in a row in which any engine answers.

``--engines``: a line with two engines (calls/lab/second_engine.py), whose first one fails in each way while the second
hears; how much later text comes than without a fault, and who gave it.

Frame delay is taken over all frames of a row's calls, against rows without a fault that are played before and after it:
a machine is not as quiet in one minute as in the next, and the simulated callers' own lateness, which is in it, stands
beside it. With ``--rounds`` it is the median of the rounds.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.core.frame_delays import merged_percentile
from calls.lab.call_records import codes_of, record_of, score_of
from calls.lab.fault_proxy import FaultProxy
from calls.lab.faults import ENGINE_FAULTS, FAULTS, NO_FAULT, WORD_LISTS, Fault
from calls.lab.rig import Rig, RigError
from calls.lab.sample_calls import SampleCall, library_of, sample_calls
from calls.lab.simulator import SimulatedCall
from calls.lines.settings_cache import first_profile
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library
from stt.models import TuningProfile
from voiceapp.runtime.arguments import MOST_CALLS, seed, whole
from voiceapp.runtime.percentile import percentile

BESIDE = 6
"""After so many rows comes one without a fault."""
HEAD = (
    "| fault | words | lost | added | placed | acted on wrong | final_ms p95 "
    "| frame delay p99.9 | × no fault | sender p99.9 | billed s | turns without words |"
)

ENGINES_HEAD = (
    "| first engine | words | lost | added | final_ms p95 | later than none | went over | back | turns heard by "
    "| one-shots | hedges | turns without words |"
)


@dataclass(slots=True)
class Row:
    """One fault, one round."""

    fault: Fault
    score: Score
    none_codes: Counter[str]
    finals_ms: list[float]
    delays: list[dict[str, int]]
    """Of each call, as calls/core/frame_delays.py counts them."""
    late_ms: list[float]
    """How late the simulated callers sent their frames."""
    billed_s: int | None = None
    times_no_fault: float = 1.0
    engines: Counter[str] = field(default_factory=Counter)
    """Turns, by who gave their words."""
    codes: Counter[str] = field(default_factory=Counter)
    """Of the calls' events."""

    @property
    def kept(self) -> bool:
        return self.score.kept or not self.fault.an_engine_answers

    @property
    def delay_ms(self) -> float:
        return merged_percentile(self.delays, 0.999) or 0.0

    def compare(self, beside: Sequence[Row]) -> None:
        """With the rows without a fault before and after it."""
        no_fault_ms = merged_percentile([counts for row in beside for counts in row.delays], 0.999)
        self.times_no_fault = self.delay_ms / no_fault_ms if no_fault_ms else 1.0


class Command(BaseCommand):
    help = "Break the recogniser in every way and count the words."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Recordings with clips.tsv; default the samples.")
        parser.add_argument("--prefix", nargs="+", default=[""])
        parser.add_argument(
            "--calls", type=whole(1, MOST_CALLS, "calls"), default=4, help="At the same time, in each row."
        )
        parser.add_argument("--call-clips", type=whole(1, 1000, "recordings"), default=8, help="Recordings a call.")
        parser.add_argument("--seed", type=seed, default=1, help="Of the first round; the next ones count on.")
        parser.add_argument("--rounds", type=whole(1, 1000, "rounds"), default=1)
        parser.add_argument(
            "--no-word-times", action="store_true", help="Of an engine that says of no word when it was spoken."
        )
        parser.add_argument("--engines", action="store_true", help="A line with two engines, the first of which fails.")
        parser.add_argument("--only", nargs="+", metavar="TEXT", help="Only faults whose name has one of these.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["clips"] or settings.BASE_DIR / "samples"
        only: list[str] = options["only"] or [""]
        known = ENGINE_FAULTS if options["engines"] else FAULTS
        faults = [fault for fault in known if any(text in fault.name for text in only)]
        self._engine_options = ("--no-word-times",) if options["no_word_times"] else ()
        if self._engine_options:
            faults = [fault for fault in faults if WORD_LISTS.isdisjoint(fault.faults)]
        if not faults:
            raise CommandError("unknown_fault: no fault has such a name")
        rows: list[Row] = []
        try:
            library = library_of(folder)
            call_command("migrate_once", verbosity=0)
            samples = sample_calls(library, folder, options["prefix"], clips=options["call_clips"])[: options["calls"]]
            for turn in range(options["rounds"]):
                if options["engines"]:
                    rows += [self._row(one, folder, library, samples, options["seed"] + turn) for one in faults]
                    continue
                self._round(faults, folder, library, samples, options["seed"] + turn, rows)
        except RigError as error:
            raise CommandError(str(error)) from error
        finally:
            # Also of what was played until Ctrl-C.
            self._write_engines(rows) if options["engines"] else self._write_table(rows)
        lost = sorted({row.fault.name for row in rows if not row.kept})
        if lost:
            raise CommandError(f"words_missing: {', '.join(lost)}")

    def _round(
        self,
        faults: Sequence[Fault],
        folder: Path,
        library: Library,
        samples: Sequence[SampleCall],
        seed: int,
        rows: list[Row],
    ) -> None:
        """Play each fault once, and add what it came to."""
        rows.append(self._row(NO_FAULT, folder, library, samples, seed))
        for first in range(0, len(faults), BESIDE):
            before = rows[-1]
            some = [self._row(fault, folder, library, samples, seed) for fault in faults[first : first + BESIDE]]
            after = self._row(NO_FAULT, folder, library, samples, seed)
            for row in some:
                row.compare([before, after])
            rows += [*some, after]

    def _row(self, fault: Fault, folder: Path, library: Library, samples: Sequence[SampleCall], seed: int) -> Row:
        with FaultProxy() as proxy:
            rig = Rig(
                folder,
                settings.VAR_DIR / "chaos.log",
                seed=seed,
                faults=fault.faults,
                emulator_options=[*fault.options, *self._engine_options],
                speech_host=proxy.address,
                second_engine=fault in ENGINE_FAULTS,
                second_faults=fault.faults if fault.both else (),
            )
            with changed_profile(dict(fault.tuning)), rig:
                proxy.target = rig.emulator_address
                row = asyncio.run(_play(fault, rig, proxy, library, samples, seed))
        row.billed_s = rig.billed_s
        self.stderr.write(
            f"round {seed}: {fault.name}: {row.score.words} words, lost {row.score.lost}, added {row.score.added}; "
            f"frame delay p99.9 {row.delay_ms:.1f} ms"
        )
        return row

    def _write_table(self, rows: Sequence[Row]) -> None:
        """Rows without a fault are one."""
        by_name: dict[str, list[Row]] = {}
        for row in rows:
            by_name.setdefault(row.fault.name, []).append(row)
        self.stdout.write(HEAD + "\n" + "|---" * HEAD.count(" | ") + "|---|")
        for name, rows_of_one in by_name.items():
            self.stdout.write(_line(name, rows_of_one))

    def _write_engines(self, rows: Sequence[Row]) -> None:
        """A line a fault, and one a round."""
        self.stdout.write(ENGINES_HEAD + "\n" + "|---" * ENGINES_HEAD.count(" | ") + "|---|")
        healthy = [row for row in rows if row.fault.name.startswith("none")]
        no_faults_ms = {
            lasts: percentile([ms for row in healthy if row.fault.lasts is lasts for ms in row.finals_ms], 0.95)
            for lasts in (False, True)
        }
        for row in rows:
            final_ms, no_fault_ms = percentile(row.finals_ms, 0.95) or 0.0, no_faults_ms[row.fault.lasts]
            cells = (
                row.fault.name,
                row.score.words,
                row.score.lost,
                row.score.added,
                f"{final_ms:.0f}",
                f"{final_ms - no_fault_ms:+.0f}" if no_fault_ms else "–",
                row.codes["engine_failed_over"],
                row.codes["engine_back"],
                ", ".join(f"{n} {engine or '–'}" for engine, n in row.engines.most_common()),
                row.codes["fallback"] + row.codes["hedged"],
                row.codes["hedged"],
                ", ".join(f"{n} {code}" for code, n in row.none_codes.items()) or "–",
            )
            self.stdout.write(f"| {' | '.join(map(str, cells))} |")


def _line(name: str, rows: Sequence[Row]) -> str:
    total = sum((row.score for row in rows), Score(0, 0, 0, 0, 0))
    codes = ", ".join(f"{n} {code}" for code, n in sum((row.none_codes for row in rows), Counter()).items())
    billed = [row.billed_s for row in rows if row.billed_s is not None]
    late_ms = median(percentile(row.late_ms, 0.999) or 0.0 for row in rows)
    finals = percentile([final for row in rows for final in row.finals_ms], 0.95)
    cells = (
        name,
        total.words,
        total.lost,
        total.added,
        f"{total.placed_share:.1%}",
        f"{total.acted_wrong} ({total.acted_wrong_share:.1%})",
        f"{finals or 0:.0f}",
        f"{median(row.delay_ms for row in rows):.1f}",
        f"{median(row.times_no_fault for row in rows):.1f}",
        f"{late_ms:.1f}",
        f"{median(billed):.0f}" if len(billed) == len(rows) else "–",
        codes or "–",
    )
    return f"| {' | '.join(map(str, cells))} |"


async def _play(
    fault: Fault, rig: Rig, proxy: FaultProxy, library: Library, samples: Sequence[SampleCall], seed: int
) -> Row:
    by_name = {recording.name: recording for recording in library.recordings}
    trouble = asyncio.create_task(fault.meanwhile(rig, proxy))
    calls = [
        SimulatedCall(
            rig.line,
            sample.clips[: fault.most_clips],
            sample.pauses_s if fault.pause_s is None else (fault.pause_s,),
            seed=seed + i,
            from_number=sample.from_number,
            tail_s=2.0,
        )
        for i, sample in enumerate(samples)
    ]
    reports = await asyncio.gather(*(call.run() for call in calls))
    await trouble
    row = Row(fault, Score(0, 0, 0, 0, 0), Counter(), [], [], [])
    for report in reports:
        call, turns = await record_of(report.call_sid)
        row.score += score_of(report, turns, by_name)
        row.finals_ms += [turn.final_ms for turn in turns if turn.final_ms is not None]
        row.engines.update(turn.engine for turn in turns)
        row.codes.update(await codes_of(call))
        row.none_codes.update(turn.code for turn in turns if turn.source == "none")
        row.delays.append(call.frame_delay_ms.get("counts", {}))
        row.late_ms += report.late_ms
    return row


@contextmanager
def changed_profile(changes: dict[str, int | str]) -> Iterator[None]:
    """The default profile with these values, and afterwards as it was."""
    profile = first_profile(settings.ENVIRONMENT_TUNING)
    before = {name: getattr(profile, name) for name in changes}
    TuningProfile.objects.filter(pk=profile.pk).update(**changes or {"streaming": profile.streaming})
    try:
        yield
    finally:
        TuningProfile.objects.filter(pk=profile.pk).update(**before or {"streaming": profile.streaming})
