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
STREAM_FIELDS = ("started_at", "ended_at", "end_reason", "process", "frames_received", "frames_lost", "speech_ms")
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
    """One call as the export's object; ``streams`` only of a call that lost its socket and has more than one."""
    turns = sorted(call.turns.all(), key=lambda turn: (turn.started_ms, turn.number))
    streams = sorted(call.streams.items(), key=lambda item: item[1].get("started_at", ""))
    return {
        **{name: getattr(call, name) for name in CALL_FIELDS},
        **({"streams": [_stream(sid, stream) for sid, stream in streams]} if len(streams) > 1 else {}),
        "turns": [_turn(turn) for turn in turns],
    }


def _stream(sid: str, stream: dict[str, Any]) -> dict[str, Any]:
    return {"stream_sid": sid, **{name: stream.get(name) for name in STREAM_FIELDS}}


def _turn(turn: Transcript) -> dict[str, Any]:
    return {name: getattr(turn, name) for name in TURN_FIELDS}


def _iso(value: Any) -> str:
    return str(value.isoformat())
