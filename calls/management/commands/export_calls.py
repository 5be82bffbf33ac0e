"""``manage.py export_calls --format jsonl [--call SID]``: one JSON object a call, as design.md's door says."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.models import Call, Transcript

CALL_FIELDS = (
    "call_sid", "stream_sid", "from_number", "to_number", "started_at", "ended_at", "status", "end_reason",
    "frames_received", "frames_lost", "speech_ms", "tuning",
)  # fmt: skip
TURN_FIELDS = (
    "number", "speaker", "started_ms", "ended_ms", "text", "revised_text", "source", "unvoiced", "engine", "model",
    "attempts", "partial_ms", "final_ms", "total_ms",
)  # fmt: skip
CHUNK = 200


class Command(BaseCommand):
    help = "Print calls with their turns, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")
        parser.add_argument("--call", metavar="SID", help="Only this call.")

    def handle(self, *args: Any, **options: Any) -> None:
        calls = Call.objects.order_by("started_at", "pk").prefetch_related("turns")
        if options["call"]:
            calls = calls.filter(call_sid=options["call"])
            if not calls.exists():
                raise CommandError(f"unknown_call: there is no call {options['call']}")
        for call in calls.iterator(chunk_size=CHUNK):
            self.stdout.write(json.dumps(exported(call), ensure_ascii=False, default=_iso))


def exported(call: Call) -> dict[str, Any]:
    """One call as the export's object."""
    turns = sorted(call.turns.all(), key=lambda turn: (turn.started_ms, turn.number))
    return {
        **{name: getattr(call, name) for name in CALL_FIELDS},
        "turns": [_turn(turn) for turn in turns],
    }


def _turn(turn: Transcript) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in TURN_FIELDS}


def _iso(value: Any) -> str:
    return str(value.isoformat())
