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
    """One call."""

    call_sid: str = Field(description="Twilio's CallSid.")
    stream_sid: str = Field(description="Twilio's id of the call's newest media stream; empty before one has begun.")
    from_number: str = Field(
        description="The caller's, in E.164, or what Twilio gave; masked without the scope numbers:read."
    )
    to_number: str = Field(description="The number that was called, in E.164, or what Twilio gave.")
    started_at: datetime | None = Field(description="When the call's first stream began.")
    ended_at: datetime | None = Field(description="When its last stream ended; null while it runs.")
    state: Literal["live", "ended"] = Field(description="Whether the call runs, or is over.")
    status: str = Field(description="As Twilio last said: in-progress, completed…; empty before it has said anything.")
    end_reason: str = Field(description="Why its stream ended, such as stop, too_long or crashed; empty while it runs.")
    hearing: str = Field(description="How it is or was heard, such as streaming, degraded or down; empty: not known.")
    frames_received: int = Field(description="Frames of 20 ms from Twilio.")
    frames_lost: int = Field(description="Frames that are missing between those.")
    speech_ms: int = Field(description="How much of it was voice.")


class CallsOut(Schema):
    """A page of calls."""

    calls: list[CallOut] = Field(description="In the order that was asked for.")
    next_cursor: str | None = Field(description="Of the next page; null: this is the last one.")


class CorrectionOut(Schema):
    """What a person says was said in a turn."""

    text: str = Field(description="What was said; empty: nothing was.")
    by: str = Field(description="Who wrote it, by their login.")
    made_at: datetime = Field(description="When it was saved.")


class TurnOut(Schema):
    """One turn. Its times are media time: ms since the call's first frame."""

    number: int = Field(description="Within its call; the line's own and a second stream's count from higher ones.")
    speaker: Literal["caller", "agent"] = Field(description="The caller, or the line itself.")
    started_ms: int = Field(description="The first frame with voice; of an answer the begin of its sound.")
    ended_ms: int = Field(description="The end of the last frame with voice; of an answer the end of its sound.")
    text: str = Field(description="The words as they were first handed on.")
    revised_text: str | None = Field(description="What later results made of them; null: nothing, empty: no words.")
    source: str = Field(description="Of the words: final, early, partial, fallback or none; empty for an answer.")
    unvoiced: bool = Field(description="The recogniser heard words where no speech was found.")
    echo: bool = Field(False, description="Our own words, given back by the caller's phone.")
    engine: str = Field(description="Which engine recognised it; an emulator's are emulator and emulator:….")
    model: str = Field(description="The engine's model; empty: its default, or none.")
    attempts: int = Field(description="How many attempts the recogniser's stream took to open.")
    partial_ms: int | None = Field(description="From the first frame with voice to the first partial; null: none came.")
    final_ms: int | None = Field(description="From the end of speech to the text that was accepted.")
    total_ms: int | None = Field(description="From the end of speech to the answer's first frame sent.")
    correction: CorrectionOut | None = Field(None, description="The newest that stands; null: nobody corrected it.")
    answer: AnswerOut | None = Field(None, description="What only the line's own turns have; null: the caller's.")


class AnswerOut(Schema):
    """Of a turn whose speaker is ``agent``."""

    heard_text: str = Field(description="What of it the caller heard, to the last mark.")
    heard_ms: int | None = Field(description="For how long it sounded.")
    outcome: str = Field(description="played, interrupted, resumed, withdrawn_late or failed.")
    floor_rule: str = Field(description="Why the line might speak.")
    floor_ms: int | None = Field(description="From the last frame with voice until the line might speak.")
    text_ms: int | None = Field(description="How long before that its text was ready; negative: late.")
    prepared_ms: int | None = Field(description="How long before that its first sound was ready; negative: late.")
    first_audio_ms: int | None = Field(description="From when the line might speak to the first frame sent.")
    withdrawals: int | None = Field(description="Answers that were given up before it, unheard.")
    answers: int | None = Field(description="The number of the turn that it answers.")
    responder: str = Field(description="Who made it.")
    voice: str = Field(description="Who spoke it.")
    tokens: int | None = Field(description="A language model's.")
    characters: int | None = Field(description="Those that were synthesised for it.")
    code: str = Field(description="What went wrong or stopped it; empty: nothing.")


TurnOut.model_rebuild()


class TurnsOut(Schema):
    """A page of turns."""

    turns: list[TurnOut] = Field(description="In the order in which they were spoken.")
    next_cursor: str | None = Field(description="Of the next page; null: this is the last one.")
