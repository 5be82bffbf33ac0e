"""Reads what the rows of a call say of it, for a process that takes it over (calls/core/kept_turns.py)."""

from __future__ import annotations

from calls.core.agent_turns import AGENT, AgentTurn
from calls.core.kept_turns import KeptAnswer, KeptTurns
from calls.core.numbering import NUMBERS_A_STREAM
from calls.core.redaction import with_values
from calls.core.text import HIDDEN
from calls.core.turns import Source, Turn
from calls.storage.call_streams import call_streams
from calls.storage.models import Call, Transcript

MOST_TURNS = 400
"""The newest of a call. A line's longest conversation has fewer (AnswerLimits)."""


def kept_turns(call_sid: str, stream_sid: str) -> KeptTurns:
    """What is kept of the call's streams before this one. Blocking. Raises DatabaseError."""
    call = Call.objects.filter(call_sid=call_sid).first()
    if call is None:
        return KeptTurns()
    earlier = [stream for stream in call_streams(call.streams) if stream.stream_sid != stream_sid]
    # A dialogue finds its place again by what was said, and secrets are no part of the turns' words.
    secrets = list(call.saved_values.filter(secret=True).order_by("number").values_list("value", flat=True))
    sids = {stream.block: stream.stream_sid for stream in earlier}
    known = tuple(secrets)
    rows = [row for row in _newest(call) if row.number // NUMBERS_A_STREAM in sids]
    return KeptTurns(
        tuple(_turn(row, secrets) for row in rows if row.speaker != AGENT),
        tuple(
            KeptAnswer(AgentTurn.of_row(row.__dict__), sids[row.number // NUMBERS_A_STREAM])
            for row in rows
            if row.speaker == AGENT
        ),
        is_complete=bool(earlier) and all(stream.has_ended for stream in earlier),
        secrets=known,
    )


def _newest(call: Call) -> list[Transcript]:
    return list(call.turns.order_by("-number")[:MOST_TURNS])[::-1]


def _turn(row: Transcript, secrets: list[str]) -> Turn:
    source = Source(row.source or Source.NONE)
    revised = row.revised_text
    if secrets and HIDDEN in row.heard_text:
        revised = with_values(row.heard_text, secrets)
    return Turn(row.number, row.started_ms, row.ended_ms, row.text, source, revised, revision=row.revision)
