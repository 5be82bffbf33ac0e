"""What the live call tells the writer: frozen records, each carrying its whole state, so that writing is idempotent.

Owns no database: calls/storage/rows.py turns records into rows. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.turns import EndReason, Source, Turn


@dataclass(frozen=True, slots=True)
class CallStarted:
    call_sid: str
    stream_sid: str
    started_at: datetime
    from_number: str = ""
    to_number: str = ""
    tuning: dict[str, Any] = field(default_factory=dict)
    process: str = ""
    """host:pid that serves the call."""
    stream_index: int = 0
    """The stream's wanted block of numbers: how many streams of its call are known to come before it."""
    recording: str = ""
    """Path of the stream's audio, relative to VAR_DIR."""
    keeps: dict[str, bool] = field(default_factory=dict)
    """What its line keeps (calls/core/kept_words.py): words that are recovered after a crash are kept likewise."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    call_sid: str
    stream_sid: str
    ended_at: datetime
    end_reason: str
    """``stop`` | ``lost`` | ``silent_line`` | ``too_long`` | ``drained`` | ``crashed`` | ``error`` | ``replaced`` |
    ``no_start`` | ``foreign_start`` | ``bad_start``."""
    frames_received: int
    frames_lost: int
    speech_ms: int
    counters: dict[str, int] = field(default_factory=dict)
    """Everything odd that was counted on the call: stable code -> times."""
    frame_delay_ms: dict[str, Any] = field(default_factory=dict)
    """calls/core/frame_delays.py: p50, p99, p999, max, counts."""
    stt_streams: int = 0
    stt_stream_s: int = 0
    """Billed seconds of all of them: calls/lines/costs.py."""
    one_shots: int = 0
    """That were answered."""
    one_shot_s: int = 0
    reply_tokens: int = 0
    """Of a language model that made the line's answers, also of those that were withdrawn."""
    reply_characters: int = 0
    """Synthesised for them, as voices charge them."""
    other_engine_s: dict[str, int] = field(default_factory=dict)
    """Seconds of both that other engines than Google's v1 heard, by engine: calls/core/other_engines.py."""
    answers_failed: int = 0
    """Also those of which nothing sounded, and which are no turn."""


@dataclass(frozen=True, slots=True)
class TurnSaved:
    """A turn as accepted, or amended: ``turn.revision`` counts up, the highest wins."""

    call_sid: str
    turn: Turn
    stream_sid: str = ""
    """Whose block ``turn.number`` counts in (calls/core/numbering.py)."""


@dataclass(frozen=True, slots=True)
class AgentTurnSaved:
    """An answer of the line as it stands: ``turn.revision`` counts up, the highest wins."""

    call_sid: str
    turn: AgentTurn
    stream_sid: str = ""
    """Whose block ``turn.number`` and ``turn.answers`` count in."""


@dataclass(frozen=True, slots=True)
class ValueSaved:
    """A value that the caller said, kept on the call by its key."""

    call_sid: str
    key: str
    value: str
    secret: bool = False
    """Masked on pages and in exports."""
    number: int = 0
    """From 1 within the stream's block: of a key the highest wins."""
    stream_sid: str = ""


@dataclass(frozen=True, slots=True)
class HearingNoted:
    """How a stream's call is heard from now on."""

    call_sid: str
    stream_sid: str
    state: str
    """calls/core/recognition_health.py: ``streaming`` | ``degraded`` | ``down``."""
    number: int = 0
    """Counts up within the stream: the highest wins."""


@dataclass(frozen=True, slots=True)
class EndChosen:
    """We end the call, and close its socket next; CallEnded follows with what is still being heard."""

    call_sid: str
    stream_sid: str
    end_reason: str


@dataclass(frozen=True, slots=True)
class EventNoted:
    """A row of CallEvent: a stream restart, a fallback, an error."""

    call_sid: str
    number: int
    """From 1 within the stream's block; with call_sid it makes the write idempotent."""
    at: datetime
    code: str
    detail: str = ""
    """Never a caller's words."""
    stream_sid: str = ""


Record = CallStarted | CallEnded | TurnSaved | AgentTurnSaved | ValueSaved | HearingNoted | EndChosen | EventNoted


RECORD_OF: dict[str, type[Record]] = {
    "CallStarted": CallStarted,
    "CallEnded": CallEnded,
    "TurnSaved": TurnSaved,
    "AgentTurnSaved": AgentTurnSaved,
    "ValueSaved": ValueSaved,
    "HearingNoted": HearingNoted,
    "EndChosen": EndChosen,
    "EventNoted": EventNoted,
}
"""What a journal's lines call each record. Written for good: journals of other versions are read, whatever the classes
are called by then. A line of a kind that a version does not know is counted and left out, and the others are written
(calls/storage/journal.py)."""
KIND_OF: dict[type[Record], str] = {record: kind for kind, record in RECORD_OF.items()}
STORED_NAME_OF: dict[tuple[type, str], str] = {(Turn, "vad_missed"): "unvoiced"}
"""A field -> what a journal's line, its row and the export call it, where that is another name. Written for good:
journals and rows of other versions are read, and the export by other people's programs."""


class RecordError(ValueError):
    """A mapping is no record."""


def record_to_json(record: Record) -> dict[str, Any]:
    """A record as JSON-ready values, with its ``kind``."""
    values = asdict(record)
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = value.isoformat()
    if "turn" in values:
        values["turn"] = by_stored_names(values["turn"])
    for added in ("keeps", "other_engine_s"):
        # A version of before these knows no such field, and closes the calls of a process that died by these records.
        if not values.get(added, True):
            del values[added]
    return {"kind": KIND_OF[type(record)], **values}


def record_from_json(values: Mapping[str, Any]) -> Record:
    """The record that ``record_to_json`` wrote, in this version or another: what a later one has added is passed over.

    Raises RecordError.
    """
    try:
        record = RECORD_OF[values["kind"]]
        known = _known(record, values)
        for name in ("started_at", "ended_at", "at"):
            if name in known:
                known[name] = datetime.fromisoformat(known[name])
        if "turn" in known:
            known["turn"] = (_agent_turn if record is AgentTurnSaved else _turn)(known["turn"])
        return record(**known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"no record: {type(error).__name__}") from error


def _turn(values: Mapping[str, Any]) -> Turn:
    turn = _known(Turn, values)
    return Turn(**{**turn, "source": Source(turn["source"]), "end_reason": EndReason(turn["end_reason"])})


def _agent_turn(values: Mapping[str, Any]) -> AgentTurn:
    heard = _known(PlayedPart, values["heard"])
    parts = {
        "heard": PlayedPart(**{**heard, "outcome": Outcome(heard["outcome"])}),
        "times": AnswerTimes(**_known(AnswerTimes, values["times"])),
        "made_by": MadeBy(**_known(MadeBy, values["made_by"])),
    }
    return AgentTurn(**{**_known(AgentTurn, values), **parts})


def by_stored_names(turn: Mapping[str, Any]) -> dict[str, Any]:
    """A Turn's values by field, as a dict by the names that they are stored under."""
    return {STORED_NAME_OF.get((Turn, name), name): value for name, value in turn.items()}


def _known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    names = [field.name for field in dataclass_fields(kind)]
    stored = {name: STORED_NAME_OF.get((kind, name), name) for name in names}
    return {name: values[key] for name, key in stored.items() if key in values}
