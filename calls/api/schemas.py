"""What the API answers: the export's fields (docs/export.md) by the export's names."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, Field

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _as_rfc_3339(text: Any) -> Any:
    """The document promises this form, and pydantic takes a number for seconds as well."""
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        raise ValueError("an RFC 3339 date and time with its zone, such as 2026-11-27T08:00:00+02:00")
    return text


Moment = Annotated[AwareDatetime, BeforeValidator(_as_rfc_3339)]
Sid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CallOut(Schema):
    """One call. ``from_number`` is masked without the scope numbers:read."""

    call_sid: str
    stream_sid: str
    from_number: str
    to_number: str
    started_at: datetime | None
    ended_at: datetime | None
    state: Literal["live", "ended"]
    status: str
    end_reason: str
    hearing: str
    frames_received: int
    frames_lost: int
    speech_ms: int


class CallsOut(Schema):
    calls: list[CallOut]
    next_cursor: str | None = Field(description="Of the next page; null: this is the last one.")


class CorrectionOut(Schema):
    text: str
    by: str
    made_at: datetime


class TurnOut(Schema):
    """One turn; ``answer`` holds what only the line's own turns have."""

    number: int
    speaker: Literal["caller", "agent"]
    started_ms: int
    ended_ms: int
    text: str
    revised_text: str | None
    source: str
    unvoiced: bool
    echo: bool = False
    engine: str
    model: str
    attempts: int
    partial_ms: int | None
    final_ms: int | None
    total_ms: int | None
    correction: CorrectionOut | None = None
    answer: AnswerOut | None = None


class AnswerOut(Schema):
    """Of a turn whose speaker is ``agent``."""

    heard_text: str
    heard_ms: int | None
    outcome: str
    floor_rule: str
    floor_ms: int | None
    text_ms: int | None
    prepared_ms: int | None
    first_audio_ms: int | None
    withdrawals: int | None
    answers: int | None
    responder: str
    voice: str
    tokens: int | None
    characters: int | None
    code: str


TurnOut.model_rebuild()


class TurnsOut(Schema):
    turns: list[TurnOut]
    next_cursor: str | None = Field(description="Of the next page; null: this is the last one.")
