"""A call's story as lines for a terminal: its streams, turns and events in the order of time, as its rows have them.

Media time, in which turns stand, begins with the call and goes on through a second stream. The lines say what the log
said while the call ran ([LATENCY] lines, events with their codes), without anybody's words and numbers unless they are
asked for: so they can be shown to whoever helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from calls.core.agent_turns import AgentTurn
from calls.core.turns import EndReason, Source, Turn
from calls.desk.codes import EVENTS, shown_code
from calls.storage.call_streams import CallStream, call_streams
from calls.storage.models import Call, CallEvent, Transcript

LINES_AROUND = 10
FALLBACKS = frozenset(
    {"fallback", "rescue", "hedged", "fallback_failed", "fallback_timeout", "fallback_busy", "fallback_error"}
)
"""Codes of the lines where the one-shot recogniser was asked, or failed; a turn that it gave its words has its
source."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    at_ms: int
    """Since the call's start."""
    text: str
    codes: frozenset[str] = frozenset()
    """Of an event, or of a turn: its code and its source."""

    def __str__(self) -> str:
        return f"{self.at_ms / 1000:+9.3f} s  {self.text}"


def heading(call: Call, *, words: bool) -> str:
    """The call in one line; with ``words`` its numbers as well."""
    numbers = f" {call.from_number} → {call.to_number}" if words else ""
    began = call.started_at.astimezone(UTC).isoformat(timespec="seconds") if call.started_at else "never started"
    lasted = f", {(call.ended_at - call.started_at).total_seconds():.1f} s" if call.ended_at and call.started_at else ""
    end = f", end {call.end_reason}" if call.ended_at else ", running"
    heard = f", heard {call.hearing}" if call.hearing else ""
    return f"{call.call_sid}{numbers}: {began}{lasted}{end}{heard}"


def story_of(call: Call, *, words: bool = False) -> list[StoryLine]:
    """All of it, in order. Three queries."""
    lines = [*_of_streams(call, call_streams(call.streams))]
    lines += [_of_event(call, event) for event in call.events.all()]
    lines += [_of_answer(turn, words) if turn.is_agents else _of_turn(turn, words) for turn in call.turns.all()]
    return sorted(lines, key=lambda line: line.at_ms)


def around_fallback(lines: Sequence[StoryLine]) -> Sequence[StoryLine]:
    """LINES_AROUND lines, with the first at which the one-shot recogniser was asked among them; none where it never
    was."""
    asked = next((at for at, line in enumerate(lines) if line.codes & FALLBACKS), None)
    if asked is None:
        return []
    first = max(0, min(asked - LINES_AROUND // 2, len(lines) - LINES_AROUND))
    return lines[first : first + LINES_AROUND]


def _since(call: Call, at: datetime | None) -> int:
    if call.started_at is None or at is None:
        return 0
    return round((at - call.started_at).total_seconds() * 1000)


def _of_streams(call: Call, streams: Sequence[CallStream]) -> Iterator[StoryLine]:
    for number, stream in enumerate(streams, start=1):
        by = f" in {stream.text('process')}" if stream.text("process") else ""
        yield StoryLine(_since(call, stream.started_at), f"stream {number} begins{by}")
        if stream.ended_at:
            frames = f"{stream.count('frames_received')} frames, {stream.count('frames_lost')} lost"
            end = stream.text("end_reason") or "unknown"
            yield StoryLine(_since(call, stream.ended_at), f"stream {number} ends: {end}; {frames}")


def _of_event(call: Call, event: CallEvent) -> StoryLine:
    detail = f" ({event.detail})" if event.detail else ""
    meaning = shown_code(event.code, EVENTS)
    said = event.code if meaning == event.code else f"{event.code}: {meaning}"
    return StoryLine(_since(call, event.at), f"{said}{detail}", frozenset({event.code}))


def _of_turn(row: Transcript, words: bool) -> StoryLine:
    turn = Turn(
        number=row.number,
        started_ms=row.started_ms,
        ended_ms=row.ended_ms,
        text=row.text,
        source=Source(row.source or Source.NONE),
        end_reason=EndReason(row.end_reason or EndReason.SILENCE),
        rule=row.rule,
        partial_ms=row.partial_ms,
        final_ms=row.final_ms,
        total_ms=row.total_ms,
    )
    known = {
        "engine": row.engine,
        "model": row.model,
        "attempts": row.attempts,
        "lag": "" if row.loop_lag_ms is None else f"{row.loop_lag_ms:.0f}ms",
        "code": row.code,
        "revised": "yes" if row.revised_text is not None else "",
    }
    said = f" {row.heard_text!r}" if words and row.heard_text else ""
    # When its words were there: the end of speech is told by the [LATENCY] line itself.
    at_ms = row.ended_ms + (row.final_ms or 0)
    return StoryLine(at_ms, f"{turn.latency_line()}{_listed(known)}{said}", frozenset({row.code, row.source}) - {""})


def _of_answer(row: Transcript, words: bool) -> StoryLine:
    values = {name: getattr(row, name) for name in _ANSWER_COLUMNS}
    known = {"outcome": row.outcome, "responder": row.responder, "voice": row.voice, "code": row.code}
    said = f" {row.heard_text!r}" if words and row.heard_text else ""
    line = AgentTurn.of_row(values).latency_line()
    return StoryLine(row.started_ms, f"{line}{_listed(known)}{said}", frozenset({row.code}) - {""})


_ANSWER_COLUMNS = (
    "number", "started_ms", "ended_ms", "text", "played_text", "heard_ms", "outcome", "floor_rule", "floor_ms",
    "prepared_ms", "text_ms", "first_audio_ms", "total_ms", "responder", "voice", "tokens", "characters",
    "withdrawals", "answers", "code", "revision",
)  # fmt: skip


def _listed(values: dict[str, Any]) -> str:
    """Those that say something, as in a [LATENCY] line."""
    return "".join(f" {name}={value}" for name, value in values.items() if value)
