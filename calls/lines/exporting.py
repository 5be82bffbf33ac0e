"""Calls as JSON objects, one a line, in the form that others rely on (docs/export.md): for the command, the admin's
list and webhooks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import Prefetch, QuerySet

from calls.core.text import MASK
from calls.lines.masking import Masks, masks_of, saying_masks
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
Narrowing = Callable[[QuerySet[Any]], QuerySet[Any]]
OF_REVIEWERS = ("corrections", "reviews", "tags", "notes", "marks")
TEXTS = ("text", "revised_text", "heard_text")
STREAM_FIELDS = ("started_at", "ended_at", "end_reason", "process", "frames_received", "frames_lost", "speech_ms")


def with_all_of_it(calls: QuerySet[Call], told: Narrowing | None = None) -> QuerySet[Call]:
    """These calls, so that ``exported`` asks no more for each. ``told``: of what reviewers said, what is exported."""
    said = [Prefetch(name, told(_related(name)) if told is not None else None) for name in OF_REVIEWERS]
    return saying_masks(calls).prefetch_related("turns", "saved_values", *said)


def line(call: Call) -> str:
    """One call as a line of the export, with its end."""
    return as_text(exported(call)) + "\n"


def as_text(value: Any) -> str:
    """The export's objects as JSON: Hebrew as it is, times in ISO 8601."""
    return json.dumps(value, ensure_ascii=False, default=_iso)


def exported(call: Call, *, hides_secrets: bool = True) -> dict[str, Any]:
    """One call as the export's object; ``streams`` only of a call that lost its socket and has more than one, and
    ``saved_values`` and what reviewers said only where there are some: a secret is masked, whoever exports.

    ``hides_secrets``: in the words of the call as well, where an older version stored them as they were said.
    """
    turns = sorted(call.turns.all(), key=lambda turn: (turn.started_ms, turn.number))
    streams = call_streams(call.streams)
    saved = [_saved(one) for one in sorted(call.saved_values.all(), key=lambda one: one.number)]
    newest = {one.turn: one for one in sorted(call.corrections.all(), key=lambda one: one.number)}
    marks: dict[int, set[str]] = defaultdict(set)
    for one in call.marks.all():
        marks[one.turn].add(one.kind)
    masks = masks_of(call) if hides_secrets else replace(masks_of(call), secrets=())
    return {
        **{name: getattr(call, name) for name in CALL_FIELDS},
        **({"streams": [_stream(stream) for stream in streams]} if len(streams) > 1 else {}),
        **({"saved_values": saved} if saved else {}),
        **_reviewed(call, masks=masks),
        "turns": [
            exported_turn(turn, newest.get(turn.number), sorted(marks[turn.number]), masks=masks) for turn in turns
        ],
    }


def _related(name: str) -> QuerySet[Any]:
    model: Any = Call._meta.get_field(name).related_model
    rows: QuerySet[Any] = model._default_manager.all()
    return rows


def _reviewed(call: Call, *, masks: Masks) -> dict[str, Any]:
    """What reviewers said of the whole call."""
    reviews = [{"verdict": one.verdict, "by": one.username, "made_at": one.made_at} for one in call.reviews.all()]
    tags = sorted({one.name for one in call.tags.all()})
    notes = [{"text": masks.of(one.text), "by": one.username, "made_at": one.made_at} for one in call.notes.all()]
    return {name: said for name, said in (("reviews", reviews), ("tags", tags), ("notes", notes)) if said}


def _stream(stream: CallStream) -> dict[str, Any]:
    return {"stream_sid": stream.stream_sid, **{name: stream.values.get(name) for name in STREAM_FIELDS}}


def _saved(one: SavedValue) -> dict[str, Any]:
    return {"key": one.key, "value": MASK if one.secret else one.value, "secret": one.secret}


def exported_turn(turn: Transcript, newest: Any, marks: list[str], *, masks: Masks) -> dict[str, Any]:
    """``newest``: the turn's last Correction, or None. ``correction`` only where one stands, ``marks`` only where
    somebody set some, ``echo`` only of the line's own words, given back. ``masks``: as turns are stored today; those
    of before may hold such numbers."""
    names = (*TURN_FIELDS, *ANSWER_FIELDS) if turn.is_agents else TURN_FIELDS
    fields = {name: getattr(turn, name) for name in names}
    if turn.echo:
        fields["echo"] = True
    fields |= {name: masks.of(fields[name]) for name in TEXTS if fields.get(name)}
    if newest is not None and not newest.withdrawn:
        fields["correction"] = {"text": masks.of(newest.text), "by": newest.username, "made_at": newest.made_at}
    if marks:
        fields["marks"] = marks
    return fields


def _iso(value: Any) -> str:
    return str(value.isoformat())
