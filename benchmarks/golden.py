"""Does the code still do what it did? ``python -m benchmarks.golden``; ``--renew`` keeps what it does now, on purpose.

The golden records are of 200 random calls in virtual time (benchmarks/word_hunt.py): every action of their sessions
with its instant, and what the same call's trace gives when it is heard again at its own settings. A line a call in
tests/golden/calls.jsonl: digests of both, and the turns, so that a difference can be read. tests/test_golden.py
compares them; ``--seed 17`` prints one call's actions, for a diff of two checkouts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.word_hunt import Plan, plan
from calls.storage.trace import RecognitionTrace, read_trace
from calls.whatif.recorded_call import heard_of
from calls.whatif.trace_replay import rerun
from stt.emulator.recordings import Library
from tests.paths import ROOT, SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time

CALLS = 200
KEPT = ROOT / "tests" / "golden" / "calls.jsonl"
KINDS: dict[str, str] = {}
"""An action's class -> its name in the golden records, where it has another by now."""
CAME_LATER: dict[str, dict[str, Any]] = {
    "AskOneShot": {"is_comparison": False, "avoids": ""},
    "Turn": {"echo": False},
    "Feed": {"echoed": False, "line_ulaw": b""},
    "Perceived": {"echoed": False},
    "StreamOpened": {"fed_from_ms": None},
    "StreamClosed": {"fed_to_ms": None},
}
"""Fields that the golden records do not know, last of their class: left out where they say what was always so."""


class GoldenCall(VirtualCall):
    """A virtual call that keeps what its session asked for, and its trace."""

    def __init__(self, engine: Engine, one: Plan, trace: RecognitionTrace) -> None:
        self.lines: list[str] = []
        self.trace = trace
        super().__init__(engine, one.tuning)

    def _perform(self, actions: Sequence[Any]) -> None:
        for action in actions:
            self.lines.append(json.dumps([round(self.now_ms, 3), *plain(action)], ensure_ascii=False))
            if type(action).__name__ == "Feed":
                self.trace.frame(action, self.now_ms)
            elif type(action).__name__ == "FinishStream":
                self.trace.stopped(self.now_ms)
        super()._perform(actions)

    def _pump_events(self) -> None:
        events = [item[0] for item in self.events if item[0] is not None]
        for event in events:
            self.trace.event(event, self.now_ms)
        super()._pump_events()


class Files:
    """A trace's or a recording's disk: writes what it is given at once."""

    def put(self, path: Path, data: bytes, header: bytes = b"", unwritten: object = None) -> None:
        with path.open("ab") as file:
            file.write(data if file.tell() else header + data)


def call_of(library: Library, one: Plan, trace: RecognitionTrace) -> GoldenCall:
    """The call, once it is over."""

    async def run() -> GoldenCall:
        engine = Engine(library, seed=one.seed, faults=one.faults, **one.engine)
        call = GoldenCall(engine, one, trace)
        await call.noise(600)
        for clip, pause_ms in zip(one.clips, one.pauses_ms, strict=True):
            await call.recording(clip)
            await call.noise(pause_ms)
        await call.hang_up()
        call.trace.flush()
        return call

    return in_virtual_time(run(), one.faults, one.seed)


def play(library: Library, one: Plan, folder: Path) -> dict[str, Any]:
    """A call's golden record, and under ``actions`` every action of it; its trace is left in the folder."""
    path = folder / f"{one.seed}.trace"
    call = call_of(library, one, RecognitionTrace(path, Files(), 0.0))
    again = rerun(heard_of(read_trace(path)), one.tuning)
    return {
        "seed": one.seed,
        "count": len(call.lines),
        "actions_sha256": _digest(call.lines),
        "again_sha256": digest_of(again.turns.values()),
        "turns": [readable(turn) for turn in call.turns.values()],
        "actions": call.lines,
    }


def digest_of(values: Iterable[Any]) -> str:
    """Of every value of these turns, frames or events."""
    return _digest(json.dumps(plain(value), ensure_ascii=False, default=str) for value in values)


def readable(turn: Any) -> list[Any]:
    """What a person needs of a turn to see a difference."""
    return [turn.number, turn.started_ms, turn.ended_ms, turn.source, turn.rule, turn.final_ms, turn.heard_text]


def records(seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    library = Library([SAMPLES])
    with TemporaryDirectory() as folder:
        for seed in seeds:
            yield play(library, plan(seed, library.recordings), Path(folder))


def kept() -> list[dict[str, Any]]:
    """The golden records, by seed."""
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


def plain(value: Any) -> list[Any]:
    """A frozen class as its kind and its values in order: a field may be renamed, audio is its digest."""
    kind = type(value).__name__
    named = _fields(value)
    known = [one for name, one in named.items() if CAME_LATER.get(kind, {}).get(name, ...) != one]
    return [KINDS.get(kind, kind), *map(_json, known)]


def _fields(value: Any) -> dict[str, Any]:
    if not is_dataclass(value):
        return msgspec.structs.asdict(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()[:16]
    if is_dataclass(value):
        return plain(value)[1:]
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items()}
    return value


def _digest(lines: Any) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="keep what the code does now")
    parser.add_argument("--seed", type=int, help="print one call's actions")
    options = parser.parse_args()
    logging.disable()
    if options.seed is not None:
        (one,) = records([options.seed])
        print(*one["actions"], sep="\n")
        return
    played = [{name: value for name, value in one.items() if name != "actions"} for one in records(range(1, CALLS + 1))]
    if options.renew:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in played), "utf-8")
    changed = [one["seed"] for one, before in zip(played, kept(), strict=True) if one != before]
    print(f"{len(played)} calls, {sum(one['count'] for one in played)} actions, {len(changed)} changed {changed}")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
