"""What the live call tells the writer: frozen records, each carrying its whole state, so that writing is idempotent.

Owns no database: calls/store.py turns records into rows. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calls.turns import Turn


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


@dataclass(frozen=True, slots=True)
class CallEnded:
    call_sid: str
    ended_at: datetime
    end_reason: str
    """``stop`` | ``lost`` | ``refused`` | ``drained`` | ``error``."""
    frames_received: int
    frames_lost: int
    speech_ms: int
    counters: dict[str, int] = field(default_factory=dict)
    """Everything odd that was counted on the call: stable code -> times."""


@dataclass(frozen=True, slots=True)
class TurnSaved:
    """A turn as accepted, or amended: ``turn.revision`` counts up, the highest wins."""

    call_sid: str
    turn: Turn


@dataclass(frozen=True, slots=True)
class EventNoted:
    """A row of CallEvent: a stream restart, a fallback, an error."""

    call_sid: str
    number: int
    """From 1 within the call; with call_sid it makes the write idempotent."""
    at: datetime
    code: str
    detail: str = ""
    """Never a caller's words."""


Record = CallStarted | CallEnded | TurnSaved | EventNoted
