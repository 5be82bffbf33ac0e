"""How often is the one-shot recogniser asked beside a stream, and what does it gain? ``python -m benchmarks.hedging``

Calls of the human recordings in virtual time (tests/virtual.py) on a line with two engines, whose first one has each of
these habits all the time, or goes deaf, or hangs (its one-shots too), in the middle of each call; with a process that
remembers how long its engines say nothing (stt/engines/result_gaps.py), and with one that does not. *Emulated*
latencies.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from benchmarks.half_closing import CLIPS, recordings
from stt.emulator.timing import UNKIND, Timing
from stt.engines.result_gaps import ResultGaps
from stt.tuning import Tuning
from tests.fault_schedule import FAIR, FaultSchedule, FaultWindow
from tests.virtual import Engine, VirtualCall, in_virtual_time
from voiceapp.runtime.percentile import percentile

NEVER_MS = 10_000_000
HABITS: dict[str, Timing] = {
    "speaks as we assume": UNKIND,
    "interims a second late": replace(UNKIND, interim_lag_ms=(1000, 1500), first_interim_ms=(1500, 2000)),
    "an interim a second": replace(UNKIND, interim_every_ms=(900, 1300)),
    "no interims": replace(UNKIND, first_interim_ms=(NEVER_MS, NEVER_MS)),
    "forced finals in 600 to 900 ms": replace(UNKIND, half_close_ms=(600, 900)),
    "forces every other final": replace(UNKIND, p_half_close_forces=0.5),
}
HALF_CLOSES = {"half-closed": 120, "lasting": 0}
FAILURES = ("", "deaf", "hangs")
"""Of the first engine, in the middle of each call."""
A_CALL, PAUSE_MS = 8, 900


@dataclass(frozen=True, slots=True)
class Measured:
    """All calls of one habit."""

    turns: int
    hedged: int
    one_shots: int
    words: int
    lost: int
    added: int
    finals_ms: tuple[float, ...]
    """Of the turns with words; where the engine fails, of those from then on."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table."""

    habit: str
    half_close: str
    hedges: bool
    failure: str
    calls: int
    seed: int
    clips: Path


async def process(job: Job) -> Measured:
    """So many calls, one after the other; the first of them is heard to its end."""
    loop = asyncio.get_running_loop()
    tuning = Tuning(half_close_ms=HALF_CLOSES[job.half_close])
    library, some = recordings(job.clips)
    gaps = [ResultGaps() if job.hedges else None for _ in range(2)]
    made: list[VirtualCall] = []
    finals_ms: list[float] = []
    for number in range(job.calls):
        random = Random(f"{job.seed}/{number}")
        fails_s = random.uniform(10, 16)
        window = (FaultWindow(loop.time() + fails_s, math.inf),)
        schedules = {"deaf": FaultSchedule(deaf=window), "hangs": FaultSchedule(hung=window)}
        faults = schedules[job.failure] if job.failure and number else FAIR
        seed = f"{job.seed}/{number}"
        first = Engine(library, seed=seed, timing=HABITS[job.habit], gaps=gaps[0], faults=faults)
        second = Engine(library, seed=f"{seed}/2", name="second", gaps=gaps[1])
        one = VirtualCall(first, tuning, others=[second])
        made.append(one)
        await one.noise(1000)
        for recording in random.sample(some, A_CALL):
            await one.recording(recording)
            await one.noise(PAUSE_MS)
        await one.hang_up()
        from_ms = 0 if not job.failure else fails_s * 1000 if number else math.inf
        turns = (turn for turn in one.turns.values() if turn.text and turn.ended_ms >= from_ms)
        finals_ms += [turn.final_ms for turn in turns if turn.final_ms is not None]
    scores = [one.score for one in made]
    return Measured(
        turns=sum(len(one.turns) for one in made),
        hedged=sum(one.notes.count("hedged") for one in made),
        one_shots=sum(one.one_shots for one in made),
        words=sum(score.words for score in scores),
        lost=sum(score.lost for score in scores),
        added=sum(score.added for score in scores),
        finals_ms=tuple(finals_ms),
    )


def measure(job: Job) -> Measured:
    return in_virtual_time(process(job))


def named(habit: str, failure: str) -> str:
    return f"{habit}, then {failure}" if failure else habit


def row(job: Job, one: Measured) -> str:
    finals = (f"{percentile(one.finals_ms, share):.0f}" for share in (0.5, 0.95, 1.0))
    habit = named(job.habit, job.failure)
    hedged = f"{one.hedged} of {one.turns} ({one.hedged / one.turns:.1%})" if job.hedges else "–"
    return (
        f"| {habit} | {job.half_close} | {hedged} | {one.one_shots} | {one.lost}, {one.added} of {one.words} "
        f"| {' / '.join(finals)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--calls", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="Only rows whose first two columns have this.")
    options = parser.parse_args()
    jobs = [
        Job(habit, half_close, hedges, failure, options.calls, options.seed, options.clips)
        for failure in FAILURES
        for habit in HABITS
        for half_close in HALF_CLOSES
        for hedges in (False, True)
        if options.only in f"{named(habit, failure)}, {half_close}"
    ]
    print("| first engine | streams | hedged | one-shots | lost, added | text p50 / p95 / worst, ms |")
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(max_workers=2) as pool:
        for job, one in zip(jobs, pool.map(measure, jobs), strict=True):
            print(row(job, one), flush=True)


if __name__ == "__main__":
    main()
