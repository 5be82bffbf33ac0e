"""What half-closing gains and costs with engines of three habits: ``python -m benchmarks.half_closing --calls 4``

One row an engine's habit and a value of ``half_close``, as in docs/latency.md: human recordings in calls of ten, 2 s of
line noise between them, on four lines of one process call after call, through session, Transcriber and the emulated
engine in virtual time (tests/virtual.py). Latencies are emulated: end of speech to the text that is acted on.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from calls.core.actions import AskOneShot, Note, TurnAccepted
from stt.emulator.recordings import Clip, Library
from stt.emulator.timing import UNKIND
from stt.engines.half_close import HalfClosing, HalfClosingStatus, RestReason
from stt.engines.request_rate import RequestRate
from stt.tuning import HALF_CLOSES, Tuning
from tests.paths import CLIPS
from tests.virtual import Engine, VirtualCall, in_virtual_time
from voiceapp.runtime.percentile import percentile

PREFIXES = ("he_sas_", "he_ashrei_")
A_CALL = 10
PAUSE_MS = 2000
LINES = 4
HABITS = {
    "final 150–350 ms after the half-close": UNKIND,
    "forces nothing": replace(UNKIND, p_half_close_forces=0.0),
    "loses the last word": replace(UNKIND, p_forced_loses_word=1.0),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """All calls of one process."""

    final_ms: tuple[float, ...]
    """Of the turns with words."""
    requests_s: tuple[float, ...]
    """When each was made."""
    rested_s: float | None
    """When half-closing rested for the first time."""
    utterances: int
    """That had ended by then; all where it never did."""
    words: int
    lost: int
    added: int
    rests: int
    over_s: float
    status: HalfClosingStatus

    def a_minute(self, from_s: float = 0.0) -> float:
        """Requests."""
        return sum(at_s >= from_s for at_s in self.requests_s) / (self.over_s - from_s) * 60


class MeasuredCall(VirtualCall):
    """A call that knows when it asked, and when half-closing rested."""

    def __init__(self, engine: Engine, tuning: Tuning, **known: object) -> None:
        self.asked_s: list[float] = []
        self.rested_s: float | None = None
        self.accepted_s: list[float] = []
        super().__init__(engine, tuning, **known)

    def accept(self, action: TurnAccepted) -> None:
        super().accept(action)
        self.accepted_s.append(self.loop.time())

    def ask_one_shot(self, action: AskOneShot) -> None:
        self.asked_s.append(self.loop.time())
        super().ask_one_shot(action)

    def note(self, action: Note) -> None:
        super().note(action)
        if action.code in list(RestReason) and self.rested_s is None:
            self.rested_s = self.loop.time()

    @property
    def requests_s(self) -> list[float]:
        return sorted([*(stream.opened_s for stream in self.engine.streams), *self.asked_s])


@cache
def recordings(clips: Path) -> tuple[Library, list[Clip]]:
    library = Library([clips])
    return library, [one for one in library.recordings if one.name.startswith(PREFIXES)]


async def process(habit: str, half_close: str, calls: int, clips: Path, seed: int) -> Measured:
    """So many calls on each line, one after the other."""
    memory, requests = HalfClosing(Random(seed)), RequestRate()
    made: list[MeasuredCall] = []

    async def line(place: int) -> None:
        library, some = recordings(clips)
        await asyncio.sleep(place * 7)
        for number in range(calls):
            engine = Engine(library, seed=f"{seed}/{place}/{number}", timing=HABITS[habit])
            one = MeasuredCall(engine, Tuning(half_close=half_close), half_closing=memory, requests=requests)
            made.append(one)
            await one.noise(1000)
            for spoken in range(number * A_CALL, (number + 1) * A_CALL):
                await one.recording(some[(spoken + 3 * place) % len(some)])
                await one.noise(PAUSE_MS)
            await one.hang_up()

    await asyncio.gather(*map(line, range(LINES)))
    over_s = asyncio.get_running_loop().time()
    rested_s = min((one.rested_s for one in made if one.rested_s is not None), default=None)
    scores = [one.score for one in made]
    return Measured(
        final_ms=tuple(turn.final_ms for one in made for turn in one.turns.values() if turn.text and turn.final_ms),
        requests_s=tuple(at_s for one in made for at_s in one.requests_s),
        rested_s=rested_s,
        utterances=sum(rested_s is None or at_s <= rested_s for one in made for at_s in one.accepted_s),
        words=sum(score.words for score in scores),
        lost=sum(score.lost for score in scores),
        added=sum(score.added for score in scores),
        rests=sum(one.notes.count(reason) for one in made for reason in RestReason),
        over_s=over_s,
        status=memory.status(over_s * 1000),
    )


def measure(job: tuple[str, str, int, Path, int]) -> Measured:
    return in_virtual_time(process(*job))


def row(habit: str, half_close: str, one: Measured, off: Measured) -> str:
    found, more, rests = "–", "–", "–"
    if half_close == "auto" and one.rested_s is not None:
        share = one.a_minute(one.rested_s) / off.a_minute(one.rested_s) - 1
        found, more, rests = f"{one.utterances}", f"{100 * share:+.1f} %", f"{one.rests}"
    added = f" ({one.added} added)" if one.added else ""
    return (
        f"| {habit} | `{half_close}` | {_ms(one.final_ms, 0.5)} / {_ms(one.final_ms, 0.95)} | {one.a_minute():.1f} "
        f"| {one.lost} of {one.words}{added} | {found} | {rests} | {more} |"
    )


def _ms(values: Sequence[float], share: float) -> str:
    return f"{percentile(list(values), share):.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(
        "| the engine's final | `half_close` | text p50 / p95, ms | requests a minute | words lost "
        "| found out after (utterances) | rests | requests after that, against `off` |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(max_workers=2) as pool:
        jobs = [(habit, mode, options.calls, options.clips, options.seed) for habit in HABITS for mode in HALF_CLOSES]
        measured = dict(zip([job[:2] for job in jobs], pool.map(measure, jobs), strict=True))
    for (habit, mode), one in measured.items():
        print(row(habit, mode, one, measured[habit, "off"]), flush=True)


if __name__ == "__main__":
    main()
