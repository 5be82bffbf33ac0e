"""Is what-if what it was? ``python -m benchmarks.golden_whatif``; ``--renew`` keeps what it says now, on purpose.

The five sample calls (samples/calls.json) in virtual time, three of them with an engine that fails, and what their
traces give when they are heard again: at their own settings, and at others. A line a call in tests/golden/whatif.jsonl;
tests/test_golden.py compares them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import golden
from benchmarks.word_hunt import Plan
from calls.storage.trace import read_trace
from calls.whatif.comparison import WhatIf, what_if
from calls.whatif.recorded_call import heard_of
from stt.emulator.recordings import Library
from stt.tuning import Tuning
from tests.fault_schedule import FAIR
from tests.paths import SAMPLES

KEPT = golden.KEPT.with_name("whatif.jsonl")
OWN = Tuning()
OTHER = replace(OWN, vad_hangover_ms=100, stt_timeout_ms=150, settle_ms=0, early_min_characters=4, model="x")
FAULTS: dict[str, dict[str, Any]] = {
    "order": {"dies_after_s": 4.0},
    "answers": {"finals": False},
    "number": {"longest_s": 6.0, "handshake_ms": 1500},
}
"""What is wrong with the engine on a call; nothing on the others."""
LAST_PAUSE_S = 0.9


def records() -> Iterator[dict[str, Any]]:
    """What is kept of each sample call."""
    library = Library([SAMPLES])
    with TemporaryDirectory() as folder:
        for seed, call in enumerate(json.loads((SAMPLES / "calls.json").read_text("utf-8")), 1):
            yield {"call": call["name"], **_record(library, _plan(library, call, seed), Path(folder))}


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


def _plan(library: Library, call: dict[str, Any], seed: int) -> Plan:
    clips = {recording.name: recording for recording in library.recordings}
    pauses_ms = tuple(round(pause_s * 1000) for pause_s in (*call["pauses_s"], LAST_PAUSE_S))
    return Plan(seed, FAIR, OWN, FAULTS.get(call["name"], {}), tuple(clips[name] for name in call["clips"]), pauses_ms)


def _record(library: Library, one: Plan, folder: Path) -> dict[str, Any]:
    played = golden.play(library, one, folder)
    heard = heard_of(read_trace(folder / f"{one.seed}.trace"))
    own, other = what_if(heard, OWN, OWN), what_if(heard, OWN, OTHER)
    return {"heard": played["turns"], "own": _said(own), "other": _said(other)}


def _said(result: WhatIf) -> dict[str, Any]:
    turns = list(result.after.turns.values())
    return {
        "turns": [golden.readable(turn) for turn in turns],
        "turns_sha256": golden.digest_of(turns),
        "pairs": [[pair.before and pair.before.number, pair.after and pair.after.number] for pair in result.pairs],
        "changed": sum(pair.is_changed for pair in result.pairs),
        "source_changed": sum(pair.source_changed for pair in result.pairs),
        "asks": [golden.plain(ask) for ask in result.after.asks],
        "guessed": sorted(result.after.guessed),
        "unknown": [[unknown.setting, unknown.code, unknown.sentence] for unknown in result.unknown],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="keep what what-if says now")
    options = parser.parse_args()
    logging.disable()
    now = list(records())
    if options.renew:
        KEPT.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in now), "utf-8")
    before = {one["call"]: one for one in kept()}
    # Through JSON, as they are kept.
    changed = [one["call"] for one in json.loads(json.dumps(now)) if one != before.get(one["call"])]
    print(f"{len(now)} sample calls, {len(changed)} changed {changed}")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
