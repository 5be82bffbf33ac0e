"""Is a word ever lost or doubled? ``python -m benchmarks.word_hunt --seeds 500``

Random calls in virtual time (tests/virtual.py): pauses of any length, a loop that stalls, an engine that is late, deaf,
away or hung (tests/fault_schedule.py), streams that are renewed, half-closed or die; everything drawn with the call's
seed. Prints each call in which a word that some engine gave was lost, or one was kept twice, and at the end how many. A
word that no engine gave is counted apart (unheard), as is one that only an unsettled guess got wrong (misheard).
``--seed 17`` plays one call again, with its turns.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any

from stt.attribution.alignment import alike
from stt.emulator.recordings import Clip, Library
from stt.emulator.timing import UNKIND
from stt.tuning import Tuning
from tests.fault_schedule import FAIR, FaultSchedule, draw
from tests.paths import SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time

MOST_CLIPS = 8
NEAR_MS = 250


@dataclass(frozen=True)
class Plan:
    """One random call."""

    seed: int
    faults: FaultSchedule
    tuning: Tuning
    engine: dict[str, Any]
    clips: tuple[Clip, ...]
    pauses_ms: tuple[int, ...]


@dataclass(frozen=True)
class Faults:
    lost: tuple[str, ...]
    """Words that an engine gave and that stand in no turn."""
    unheard: tuple[str, ...]
    """...that no engine gave."""
    doubled: tuple[str, ...]
    """Words of the call that are kept more often than said, or out of order."""
    misheard: tuple[str, ...]
    """Words that nobody said."""

    @property
    def any(self) -> bool:
        return bool(self.lost or self.doubled)


def plan(seed: int, recordings: Sequence[Clip]) -> Plan:
    random = Random(seed)
    clips = tuple(random.sample(list(recordings), min(MOST_CLIPS, len(recordings))))
    pause_ms = random.choice([(0, 0), (0, 2000), (60, 500), (900, 900)])
    tuning: dict[str, int] = {"half_close_ms": random.choice([0, 60, 120, 120, 220])}
    if random.random() < 0.3:
        tuning |= {"renew_after_s": 5, "renew_latest_s": 8}
    if random.random() < 0.1:
        tuning["pause_after_s"] = 2
    engine: dict[str, Any] = {
        "timing": random.choice([UNKIND, UNKIND, replace(UNKIND, p_half_close_forces=0.0)]),
        "handshake_ms": random.choice([50, 50, 200, 1500]),
        "finals": random.random() > 0.1,
        "dies_after_s": random.choice([0, 0, 0, 0, 1.5, 3, 7]),
        "longest_s": random.choice([305, 305, 305, 6]),
    }
    faults = draw(random) if random.random() < 0.9 else FAIR
    pauses = tuple(random.randint(*pause_ms) // 20 * 20 for _ in clips)
    return Plan(seed, faults, Tuning(**tuning), engine, clips, pauses)


def without_word_times(one: Plan) -> Plan:
    """The same call, and the engine never says when its words were spoken."""
    return replace(one, engine=one.engine | {"listed": lambda count: ()})


def play(library: Library, one: Plan) -> VirtualCall:
    async def run() -> VirtualCall:
        call = VirtualCall(Engine(library, seed=one.seed, faults=one.faults, **one.engine), one.tuning)
        await call.noise(600)
        for clip, pause_ms in zip(one.clips, one.pauses_ms, strict=True):
            await call.recording(clip)
            await call.noise(pause_ms)
        await call.hang_up()
        return call

    return in_virtual_time(run(), one.faults, one.seed)


def faults(call: VirtualCall) -> Faults:
    """What the call's turns lack and what they have too much."""
    said = [word.text for word in call.said]
    turns = sorted(call.turns.values(), key=lambda turn: turn.started_ms)
    heard = [word for turn in turns for word in turn.heard_text.split()]
    lost, added, misheard = [], [], []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, said, heard, autojunk=False).get_opcodes():
        if tag == "replace" and alike(said[i1:i2], heard[j1:j2]):
            misheard += heard[j1:j2]
        elif tag != "equal":
            lost += call.said[i1:i2]
            added += heard[j1:j2]
    was_given = {
        word: any(
            gave.text == word.text and gave.start_ms - NEAR_MS < word.end_ms and word.start_ms < gave.end_ms + NEAR_MS
            for gave in call.engine.gave
        )
        for word in lost
    }
    return Faults(
        tuple(word.text for word in lost if was_given[word]),
        tuple(word.text for word in lost if not was_given[word]),
        tuple(word for word in added if word in set(said)),
        tuple(word for word in added if word not in set(said)) + tuple(misheard),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="so many calls")
    parser.add_argument("--first", type=int, default=1, help="seed of the first one")
    parser.add_argument("--seed", type=int, help="only this call, with its turns")
    parser.add_argument("--clips", type=Path, default=SAMPLES, help="folder of recordings")
    parser.add_argument("--prefix", nargs="*", default=[""], help="only recordings whose name begins so")
    parser.add_argument("--no-word-times", action="store_true", help="no final says when its words were spoken")
    options = parser.parse_args()
    library = Library([options.clips])
    recordings = [one for one in library.recordings if one.name.startswith(tuple(options.prefix))]

    def planned(seed: int) -> Plan:
        one = plan(seed, recordings)
        return without_word_times(one) if options.no_word_times else one

    if options.seed is not None:
        _tell(play(library, planned(options.seed)), planned(options.seed))
        return
    count: Counter[str] = Counter()
    for seed in range(options.first, options.first + options.seeds):
        call = play(library, planned(seed))
        found = faults(call)
        count.update(calls=1, words=len(call.said), faulty=int(found.any), none_turns=_without_words(call))
        count.update({name: len(getattr(found, name)) for name in Faults.__dataclass_fields__})
        if found.any:
            print(f"seed {seed}: lost {found.lost}, doubled {found.doubled}", flush=True)
    print(", ".join(f"{value} {name}" for name, value in count.items()))
    sys.exit(1 if count["faulty"] else 0)


def _without_words(call: VirtualCall) -> int:
    return sum(turn.code not in ("", "too_short", "no_words") for turn in call.turns.values())


def _tell(call: VirtualCall, one: Plan) -> None:
    print(one.faults, one.tuning, one.engine, one.pauses_ms, sep="\n")
    for word in call.said:
        print(word.start_ms, word.end_ms, word.text)
    for turn in sorted(call.turns.values(), key=lambda turn: turn.started_ms):
        print(turn.number, turn.started_ms, turn.ended_ms, turn.rule, turn.code, [turn.text, turn.heard_text])
    print(Counter(call.notes), dict(call.session.counters))
    print(faults(call))


if __name__ == "__main__":
    main()
