"""``manage.py chaos``: every fault of the recogniser over real sockets, and what became of the words.

One row a fault: an emulator with it and a server, calls of recordings at real time, their words counted as the demo
counts them. Exit code 1 when a word was lost, doubled or out of order in a row in which any engine answers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lines import first_profile
from calls.proxy import CutProxy
from calls.scoring import Score, percentile
from calls.simulator import SimulatedCall
from calls.trial import Sample, Trial, TrialError, calls_of, record_of, score_of
from stt.emulator.recordings import Library
from stt.models import TuningProfile

Meanwhile = Callable[[Trial, CutProxy], Coroutine[Any, Any, None]]


async def _nothing(trial: Trial, proxy: CutProxy) -> None:
    """The fault is the emulator's."""


async def _reset_connections(trial: Trial, proxy: CutProxy) -> None:
    for _ in range(3):
        await asyncio.sleep(5)
        proxy.cut()


async def _restart_emulator(trial: Trial, proxy: CutProxy) -> None:
    await asyncio.sleep(6)
    if trial.emulator is not None:
        trial.emulator.kill()
        await asyncio.to_thread(trial.emulator.wait)
    await asyncio.sleep(2)
    await asyncio.to_thread(trial.start_emulator)


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    faults: tuple[str, ...] = ()
    meanwhile: Meanwhile = _nothing
    options: tuple[str, ...] = ()
    tuning: tuple[tuple[str, int], ...] = ()
    """Of the default profile, for this row."""
    an_engine_answers: bool = True


FAULTS = (
    Fault("none"),
    Fault("unavailable at open, twice", ("unavailable_opens=2",)),
    Fault("unavailable at every open for long", ("unavailable_opens=60",)),
    Fault("unavailable in mid-stream, every 7 s", ("unavailable_after_s=7",)),
    Fault("exhausted in mid-stream, every 9 s", ("exhausted_after_s=9",)),
    Fault("normal end, every 6 s", ("end_after_s=6",)),
    Fault("slow handshake, 2 s", ("handshake_ms=2000",)),
    Fault("deaf from the start", ("deaf",)),
    Fault("deaf after 8 s", ("deaf_after_s=8",)),
    Fault("no finals", ("no_finals",)),
    Fault("finals 3 s late", ("late_finals_ms=3000",)),
    Fault("finals repeated", ("repeat_finals",)),
    Fault("finals repeat words", ("finals_repeat_words",)),
    Fault("hung Recognize", ("hang_recognize",)),
    Fault("stream limit 8 s", (), options=("--longest-stream", "8")),
    Fault("connections reset, three times", (), _reset_connections),
    Fault("emulator restarted, 2 s away", (), _restart_emulator),
    Fault("renewed every 5 to 8 s", (), tuning=(("renew_after_s", 5), ("renew_latest_s", 8))),
    Fault("nobody answers", ("deaf", "unavailable_recognize"), an_engine_answers=False),
)


@contextmanager
def _profile(changes: dict[str, int]) -> Iterator[None]:
    """The default profile with these values, and afterwards as it was."""
    profile = first_profile(settings.ENVIRONMENT_TUNING)
    before = {name: getattr(profile, name) for name in changes}
    TuningProfile.objects.filter(pk=profile.pk).update(**changes or {"streaming": profile.streaming})
    try:
        yield
    finally:
        TuningProfile.objects.filter(pk=profile.pk).update(**before or {"streaming": profile.streaming})


@dataclass(frozen=True, slots=True)
class Row:
    fault: Fault
    score: Score
    none_codes: Counter[str]
    final_p95_ms: float | None
    delay_p999_ms: float

    @property
    def kept(self) -> bool:
        return self.score.kept or not self.fault.an_engine_answers


class Command(BaseCommand):
    help = "Break the recogniser in every way and count the words."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Recordings with clips.tsv; default the samples.")
        parser.add_argument("--prefix", nargs="+", default=[""])
        parser.add_argument("--calls", type=int, default=4, help="At the same time, in each row.")
        parser.add_argument("--call-clips", type=int, default=8, help="Recordings a call.")
        parser.add_argument("--seed", type=int, nargs="+", default=[1])
        parser.add_argument("--only", nargs="+", metavar="TEXT", help="Only faults whose name has one of these.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["clips"] or settings.BASE_DIR / "samples"
        library = Library([folder])
        only: list[str] = options["only"] or [""]
        self.stdout.write(
            f"{'fault':38} words  lost added misplaced  acted on wrong  final p95  frame p99.9  turns without words"
        )
        rows = []
        try:
            samples = calls_of(library, folder, options["prefix"], clips=options["call_clips"])[: options["calls"]]
            for fault in FAULTS:
                if any(text in fault.name for text in only):
                    rows += [self._row(fault, folder, library, samples, seed) for seed in options["seed"]]
        except TrialError as error:
            raise CommandError(str(error)) from error
        lost = [row.fault.name for row in rows if not row.kept]
        if lost:
            raise CommandError(f"words_missing: {', '.join(lost)}")
        if not rows:
            raise CommandError("unknown_fault: no fault has such a name")

    def _row(self, fault: Fault, folder: Path, library: Library, samples: Sequence[Sample], seed: int) -> Row:
        with CutProxy() as proxy:
            trial = Trial(
                folder,
                settings.VAR_DIR / "chaos.log",
                seed=seed,
                faults=fault.faults,
                emulator_options=fault.options,
                speech_host=proxy.address,
            )
            with _profile(dict(fault.tuning)), trial:
                proxy.target = trial.emulator_address
                row = asyncio.run(self._play(fault, trial, proxy, library, samples, seed))
        result = row.score
        codes = ", ".join(f"{n} {code}" for code, n in row.none_codes.items()) or "–"
        self.stdout.write(
            f"{fault.name:38} {result.words:5} {result.lost:5} {result.added:5} {result.misplaced:9}"
            f"  {result.acted_wrong:5} ({result.acted_wrong_share:5.1%})  {row.final_p95_ms or 0:9.0f}"
            f"  {row.delay_p999_ms:11.1f}  {codes}"
        )
        self.stdout.flush()
        return row

    async def _play(
        self, fault: Fault, trial: Trial, proxy: CutProxy, library: Library, samples: Sequence[Sample], seed: int
    ) -> Row:
        by_name = {recording.name: recording for recording in library.recordings}
        trouble = asyncio.create_task(fault.meanwhile(trial, proxy))
        calls = [
            SimulatedCall(
                trial.line, sample.clips, sample.pauses_s, seed=seed + i, from_number=sample.from_number, tail_s=2.0
            )
            for i, sample in enumerate(samples)
        ]
        reports = await asyncio.gather(*(call.run() for call in calls))
        await trouble
        total = Score(0, 0, 0, 0, 0)
        finals: list[float] = []
        delays: list[float] = []
        codes: Counter[str] = Counter()
        for report in reports:
            call, turns = await record_of(report.call_sid)
            total += score_of(report, turns, by_name)
            finals += [turn.final_ms for turn in turns if turn.final_ms is not None]
            codes.update(turn.code for turn in turns if turn.source == "none")
            delays.append(call.frame_delay_ms.get("p999", 0.0))
        return Row(fault, total, codes, percentile(finals, 0.95), max(delays, default=0.0))
