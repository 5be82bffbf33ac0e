"""Calls as JSON objects, one a line, in the form that others rely on; for the command and the admin's list."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet

from calls.desk.review.models import Correction
from calls.process.live_updates import MASK
from calls.storage.call_streams import CallStream, call_streams
from calls.storage.models import Call, SavedValue, Transcript

CALL_FIELDS = (
    "call_sid", "stream_sid", "from_number", "to_number", "started_at", "ended_at", "status", "end_reason",
    "frames_received", "frames_lost", "speech_ms", "tuning",
)  # fmt: skip
TURN_FIELDS = (
    "number", "speaker", "started_ms", "ended_ms", "text", "revised_text", "source", "unvoiced", "engine", "model",
    "attempts", "partial_ms", "final_ms", "total_ms",
)  # fmt: skip
ANSWER_FIELDS = (
    "heard_text", "heard_ms", "outcome", "floor_rule", "floor_ms", "text_ms", "prepared_ms", "first_audio_ms",
    "withdrawals", "answers", "responder", "voice", "tokens", "characters", "code",
)  # fmt: skip
"""What an agent's turn has besides."""
STREAM_FIELDS = ("started_at", "ended_at", "end_reason", "process", "frames_received", "frames_lost", "speech_ms")


def with_all_of_it(calls: QuerySet[Call]) -> QuerySet[Call]:
    """These calls, so that ``exported`` asks no more for each."""
    return calls.prefetch_related("turns", "corrections", "saved_values")


def line(call: Call) -> str:
    """One call as a line of the export, with its end."""
    return json.dumps(exported(call), ensure_ascii=False, default=_iso) + "\n"


def exported(call: Call) -> dict[str, Any]:
    """One call as the export's object; ``streams`` only of a call that lost its socket and has more than one, and
    ``saved_values`` only where there are some: a secret is masked, whoever exports."""
    turns = sorted(call.turns.all(), key=lambda turn: (turn.started_ms, turn.number))
    streams = call_streams(call.streams)
    saved = [_saved(one) for one in sorted(call.saved_values.all(), key=lambda one: one.number)]
    newest = {one.turn: one for one in sorted(call.corrections.all(), key=lambda one: one.number)}
    return {
        **{name: getattr(call, name) for name in CALL_FIELDS},
        **({"streams": [_stream(stream) for stream in streams]} if len(streams) > 1 else {}),
        **({"saved_values": saved} if saved else {}),
        "turns": [_turn(turn, newest.get(turn.number)) for turn in turns],
    }


def _stream(stream: CallStream) -> dict[str, Any]:
    return {"stream_sid": stream.stream_sid, **{name: stream.values.get(name) for name in STREAM_FIELDS}}


def _saved(one: SavedValue) -> dict[str, Any]:
    return {"key": one.key, "value": MASK if one.secret else one.value, "secret": one.secret}


def _turn(turn: Transcript, newest: Correction | None) -> dict[str, Any]:
    """``correction`` only where one stands, ``echo`` only of the line's own words, given back."""
    names = (*TURN_FIELDS, *ANSWER_FIELDS) if turn.is_agents else TURN_FIELDS
    fields = {name: getattr(turn, name) for name in names}
    if turn.echo:
        fields["echo"] = True
    if newest is not None and not newest.withdrawn:
        fields["correction"] = {"text": newest.text, "by": newest.username, "made_at": newest.made_at}
    return fields


def _iso(value: Any) -> str:
    return str(value.isoformat())
