"""What the pages read of the database when they open, and again whenever their socket comes back. Bounded reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from calls.core.addresses import masked
from calls.core.numbering import row_key
from calls.desk.answers import stored_answer
from calls.desk.line_limits.seen import SeenLines
from calls.lines.models import PhoneLine
from calls.process.live_updates import Update, shown
from calls.storage.models import Call, Transcript

MOST_CALLS = 1000
MOST_TURNS = 500
"""The newest of a call."""
MOST_EVENTS = 100
MOST_LINES = 2000


def running_calls(seen: SeenLines, *, sees_numbers: bool) -> list[dict[str, Any]]:
    """Calls of these lines that have not ended, the newest first, each with its last turn; callers' numbers masked for
    who may not see them."""
    last = Transcript.objects.heard().filter(call=OuterRef("pk")).order_by("-number")
    calls = (
        seen.of(Call)
        .filter(ended_at=None, started_at__gte=timezone.now() - timedelta(seconds=settings.MAX_CALL_S))
        .order_by("-started_at")
        .values("call_sid", "from_number", "to_number", "started_at", "process", "stream_sid", "streams")
        .annotate(turn=Subquery(last.values("pk")[:1]))[:MOST_CALLS]
    )
    rows = list(calls)
    turns = Transcript.objects.in_bulk([row["turn"] for row in rows if row["turn"]])
    return [
        {
            "call": row["call_sid"],
            "from": row["from_number"] if sees_numbers else masked(row["from_number"]),
            "to": row["to_number"],
            "started_at": row["started_at"].isoformat() if row["started_at"] else None,
            "process": row["process"],
            "stream": row["stream_sid"],
            "turn": _shown(turns[row["turn"]], row["streams"]) if row["turn"] in turns else None,
        }
        for row in rows
    ]


def line_names(seen: SeenLines) -> dict[str, str]:
    return dict(seen.of(PhoneLine).order_by("number").values_list("number", "name")[:MOST_LINES])


def newest_turns(call: Call) -> list[Transcript]:
    """Of both speakers, in speech order."""
    newest = call.turns.order_by("-started_ms", "-number")[:MOST_TURNS]
    return sorted(newest, key=lambda turn: (turn.started_ms, turn.number))


def shown_turns(call: Call, turns: Iterable[Transcript]) -> list[Update]:
    """The caller's of these turns of a call."""
    return [_shown(turn, call.streams) for turn in turns if not turn.is_agents]


def shown_answers(call: Call, turns: Iterable[Transcript]) -> list[Update]:
    """The line's of these turns of a call."""
    return [stored_answer(turn, row_key(call.streams, turn.number)) for turn in turns if turn.is_agents]


def _shown(turn: Transcript, streams: dict[str, Any]) -> Update:
    return shown(turn, row_key(streams, turn.number))


def newest_events(call: Call) -> list[dict[str, Any]]:
    """In their order."""
    newest = call.events.order_by("-number").values("number", "code", "detail", "at")[:MOST_EVENTS]
    return [
        {**event, "key": row_key(call.streams, event["number"]), "at": event["at"].isoformat()}
        for event in reversed(newest)
    ]
