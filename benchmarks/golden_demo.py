"""Is the demo's export what it was? ``python -m benchmarks.golden_demo``; ``--renew`` keeps what it is now, on purpose.

Runs ``manage.py demo --once`` and ``export_calls`` in a database of its own (a minute, real processes on
loopback). Kept is, a line a call in tests/golden/demo.jsonl, each field in its order: what is the same on every run as
it is, what is not as its type; and the words of both sides, of which none is lost whichever source a turn has.
tests/live/test_played.py compares one call; tests/golden/read/export.jsonl holds an export in every value.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import golden
from tests.paths import ROOT

KEPT = golden.KEPT.with_name("demo.jsonl")
SOURCES = {"final", "early", "partial", "fallback", "none"}
OF_A_CALL = {
    "call_sid": "sid", "stream_sid": "sid", "started_at": "instant", "ended_at": "instant", "frames_received": "whole",
    "frames_lost": "whole", "speech_ms": "whole",
}  # fmt: skip
"""What differs from run to run, or on a machine that is busy."""
OF_A_TURN = {
    "number": "whole", "started_ms": "whole", "ended_ms": "whole", "text": "text", "revised_text": "text or null",
    "source": "source", "unvoiced": "flag", "model": "text", "attempts": "whole", "partial_ms": "whole or null",
    "final_ms": "whole or null",
}  # fmt: skip
OF_AN_ANSWERED_TURN = {**OF_A_TURN, "total_ms": "whole or null"}
OF_AN_ANSWER = {
    **OF_AN_ANSWERED_TURN, "heard_text": "text", "heard_ms": "whole", "floor_ms": "whole or null",
    "text_ms": "number or null", "prepared_ms": "number or null", "first_audio_ms": "whole", "withdrawals": "whole",
    "answers": "whole or null",
    "characters": "whole",
}  # fmt: skip


def frozen(export: str) -> list[dict[str, Any]]:
    """The lines of an export, without what varies, by their callers' numbers."""
    calls = [json.loads(line) for line in export.splitlines()]
    return [_frozen(call) for call in sorted(calls, key=lambda call: str(call["from_number"]))]


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


def in_order(call: dict[str, Any]) -> str:
    """With the order of its fields, which two equal dictionaries need not share."""
    return json.dumps(call, ensure_ascii=False)


def _frozen(call: dict[str, Any]) -> dict[str, Any]:
    callers, answers = ([turn for turn in call["turns"] if turn["speaker"] == who] for who in ("caller", "agent"))
    heard = [turn["text"] if turn["revised_text"] is None else turn["revised_text"] for turn in callers]
    varies = OF_AN_ANSWERED_TURN if answers else OF_A_TURN
    turns = sorted({in_order(_kinds(turn, varies)) for turn in callers})
    turns += sorted({in_order(_kinds(turn, OF_AN_ANSWER)) for turn in answers})
    fields = _kinds({**call, "turns": [json.loads(turn) for turn in turns]}, OF_A_CALL)
    for saved in fields.get("saved_values", ()):
        # Of the next such day.
        saved["value"] = re.sub(r"^\d{4}(?=-\d\d-\d\d$)", "year", saved["value"])
    said = {"said": [turn["heard_text"] for turn in answers]} if answers else {}
    return {**fields, "words": " ".join(" ".join(heard).split()), **said}


def _kinds(fields: dict[str, Any], varies: dict[str, str]) -> dict[str, Any]:
    return {name: _kind(value, varies[name]) if name in varies else value for name, value in fields.items()}


def _kind(value: Any, kind: str) -> Any:
    """The kind, where this is a value of it; else the value, which no golden record has."""
    one, _, null = kind.partition(" or ")
    is_one = {
        "sid": isinstance(value, str) and re.fullmatch("(CA|MZ)[0-9a-f]{32}", value),
        "instant": isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", value),
        "whole": type(value) is int and value >= 0,
        "number": type(value) is int,
        "text": isinstance(value, str),
        "source": value in SOURCES,
        "flag": isinstance(value, bool),
    }[one]
    return kind if is_one or (null and value is None) else value


def _export() -> str:
    with TemporaryDirectory() as var_dir:
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment = {**inherited, "ENV_FILE": "", "DEBUG": "1", "TWILIO_AUTH_TOKEN": "demo", "VAR_DIR": var_dir}
        for command in (["migrate", "-v0"], ["demo", "--once"], ["export_calls"]):
            done = subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(f"{command[0]}_failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="keep what the demo's export is now")
    options = parser.parse_args()
    now = [in_order(call) for call in frozen(_export())]
    if options.renew:
        KEPT.write_text("".join(f"{call}\n" for call in now), "utf-8")
    before = [in_order(call) for call in kept()]
    changed = [call for call in now if call not in before] + [call for call in before if call not in now]
    print(f"{len(now)} calls of the demo, {len(changed)} changed", *changed, sep="\n")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
