"""What a token may read, a page at a time, as the API answers it. Blocking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from calls.api import paging
from calls.api.models import ApiToken, Scope
from calls.desk.numbers import shown_number
from calls.desk.review.models import Correction
from calls.lines.exporting import ANSWER_FIELDS, exported_turn
from calls.lines.masking import Masks, masks_of
from calls.storage.models import Call, Transcript

CALL_FIELDS = (
    "call_sid", "stream_sid", "to_number", "started_at", "ended_at", "status", "end_reason", "hearing",
    "frames_received", "frames_lost", "speech_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallFilter:
    since: datetime | None = None
    """Began at or after it."""
    until: datetime | None = None
    """Began before it."""
    line: str = ""
    state: str = ""
    """``live`` or ``ended``."""
    oldest_first: bool = False


def calls_of(token: ApiToken) -> QuerySet[Call]:
    """Those that have begun, of the token's lines; none where these have been deleted."""
    calls = Call.objects.filter(started_at__isnull=False)
    if token.all_lines:
        return calls
    return calls.filter(to_number__in=list(token.lines.values_list("number", flat=True)))


def page_of_calls(token: ApiToken, asked: CallFilter, cursor: str | None, limit: int) -> dict[str, Any]:
    calls = calls_of(token)
    if asked.since is not None:
        calls = calls.filter(started_at__gte=_utc(asked.since))
    if asked.until is not None:
        calls = calls.filter(started_at__lt=_utc(asked.until))
    if asked.line:
        calls = calls.filter(to_number=asked.line)
    if asked.state:
        calls = calls.filter(ended_at__isnull=asked.state == "live")
    if cursor is not None:
        at_us, key = paging.read(cursor)
        at, side = paging.moment(at_us), "gt" if asked.oldest_first else "lt"
        calls = calls.filter(Q(**{f"started_at__{side}": at}) | Q(started_at=at, **{f"pk__{side}": key}))
    sign = "" if asked.oldest_first else "-"
    found = list(calls.order_by(f"{sign}started_at", f"{sign}pk")[: limit + 1])
    return {
        "calls": [call_out(call, token) for call in found[:limit]],
        "next_cursor": _cursor(found[limit - 1]) if len(found) > limit else None,
    }


def call_out(call: Call, token: ApiToken) -> dict[str, Any]:
    number = shown_number(call.from_number, whole=token.may(Scope.NUMBERS))
    state = "live" if call.ended_at is None else "ended"
    return {**{name: getattr(call, name) for name in CALL_FIELDS}, "from_number": number, "state": state}


def page_of_turns(call: Call, cursor: str | None, limit: int) -> dict[str, Any]:
    """In the order in which they were spoken."""
    turns = Transcript.objects.filter(call=call)
    if cursor is not None:
        started_ms, number = paging.read(cursor)
        turns = turns.filter(Q(started_ms__gt=started_ms) | Q(started_ms=started_ms, number__gt=number))
    found = list(turns.order_by("started_ms", "number")[: limit + 1])
    shown = found[:limit]
    newest = _corrections(call, [turn.number for turn in shown])
    masks = masks_of(call)
    last = shown[-1] if len(found) > limit else None
    return {
        "turns": [_turn_out(turn, newest.get(turn.number), masks=masks) for turn in shown],
        "next_cursor": paging.cursor_of(last.started_ms, last.number) if last is not None else None,
    }


def _corrections(call: Call, numbers: Iterable[int]) -> dict[int, Correction]:
    """The newest of each of these turns."""
    made = Correction.objects.filter(call=call, turn__in=numbers).order_by("number")
    return {one.turn: one for one in made}


def _turn_out(turn: Transcript, newest: Correction | None, *, masks: Masks) -> dict[str, Any]:
    """As the export has it, with an answer's own fields by themselves."""
    said = exported_turn(turn, newest, [], masks=masks)
    if turn.is_agents:
        said["answer"] = {name: said.pop(name) for name in ANSWER_FIELDS}
    return said


def _cursor(call: Call) -> str:
    assert call.started_at is not None  # noqa: S101 - calls_of has no others
    return paging.cursor_of(paging.micros(call.started_at), call.pk)


def _utc(at: datetime) -> datetime:
    """Of the first and the last day that there are, the zone may lead out of them."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)
