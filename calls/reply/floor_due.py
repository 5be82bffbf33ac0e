"""Who has the floor, and what the line may do with it: what Floor (calls/reply/floor.py) says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.reply.floor_rule import FloorRule
from calls.reply.reading import Wholeness


class Holder(Enum):
    """Who has the floor."""

    NOBODY = "nobody"
    """Silence, and nothing to answer."""
    CALLER = "caller"
    """Speaks."""
    WORDS = "words"
    """An utterance has ended, and its words are not there yet."""
    PAUSE = "pause"
    """The caller has spoken and may speak on."""
    TAKEN = "taken"
    """The line may speak, and has not begun to."""
    LINE = "line"
    """An answer plays."""
    OVER = "over"
    """The call has ended."""


@dataclass(frozen=True, slots=True)
class FloorTaken:
    """The line may answer these turns now; what is stored of it, too."""

    rule: FloorRule
    floor_ms: int
    """From the last voiced frame, or from the line's last sound where that ended later."""
    turns: tuple[int, ...]
    """Numbers of the turns that make the question."""
    wholeness: Wholeness | None
    """What the text is to what was expected; None where nothing was."""
    probability: float | None = None
    """That the caller had finished, as smart-turn said in time."""
    code: str = ""
    """``turn_model_late``: it was asked, and the pause was decided without it."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Nobody has spoken: the responder is asked to reprompt."""

    number: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    """Nobody has spoken after the last reprompt."""


Due = FloorTaken | AskAgain | SayGoodbye
