"""Orders: what a supervisor has an answering call do, and what is kept of it for as long as the call lasts. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

MAX_SENTENCE_CHARACTERS = 240
"""Of what a supervisor types: what a voice is asked to say at once."""
MAX_WAITING = 3
"""Sentences that wait to be said; another one is refused."""
WAIT_MS = 20_000
"""So long a sentence waits for the floor. Then the caller has talked on and on, and it is not said at all."""

CALL_ENDED, NOT_ANSWERING, NO_VOICE = "call_ended", "not_answering", "no_voice"
TOO_MANY_SENTENCES, SENTENCE_DROPPED = "too_many_sentences", "sentence_dropped"
ALREADY_QUIET, NOT_QUIET = "already_quiet", "not_quiet"
"""Stable codes."""


class Order(StrEnum):
    """What can be asked for."""

    SAY = "say"
    """This sentence, in the line's voice, as soon as the line may speak."""
    QUIET = "quiet"
    """Stop at once, and answer nothing until RELEASE."""
    RELEASE = "release"
    """Answer again what is said from now on."""
    AS_KEPT = "as_kept"
    """Nobody's word: what rows say of the last order, where they could be read only now. ``by``: who keeps the line
    quiet; empty where nobody does."""


@dataclass(frozen=True, slots=True)
class SupervisorOrder:
    """One order for one call."""

    call_sid: str
    order: Order
    by: str
    """Who asks: a username."""
    text: str = ""
    """Of SAY."""
    ask: str = ""
    """Which request this is, of the call's."""
    says_rest: bool = False
    """Of RELEASE: what QUIET stopped is said to its end. An older process answers again without it."""


@dataclass(frozen=True, slots=True)
class TypedSentence:
    """Waits to be said."""

    text: str
    until_ms: float
    """Monotonic instant from which on it is not said any more."""
    ask: str = ""
    """Of its order."""


@dataclass(slots=True)
class Supervision:
    """One call's, over all of its media streams."""

    quiet_by: str = ""
    """Who has made the line be quiet; empty while it answers."""
    is_known: bool = True
    """Whether the line is to be quiet; False while no row of earlier streams could be read."""
    released_ms: int = -1
    """Media time at which it was last told to answer again: what was said before is not answered."""
    waiting: deque[TypedSentence] = field(default_factory=deque)
    saying: str | None = None
    """The ``ask`` of the last sentence that has sounded; None before the first."""
