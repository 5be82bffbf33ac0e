"""An utterance on its way to becoming a turn: its frames, its anchors in time, its phase. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from calls.core.turns import EndReason, Turn
from stt.endpointing.endpointer import SpeechEnded


class Phase(Enum):
    SPEAKING = auto()
    WAITING = auto()
    """Ended; waits for the stream's words until its deadline."""
    ASKED = auto()
    """The one-shot recogniser was asked; the first covering text wins."""
    DECIDED = auto()
    """It has its turn, which may still be held back by an earlier one."""


@dataclass(slots=True)
class Utterance:
    number: int
    start_ms: int
    """Media time of the first voiced frame."""
    began_ms: float
    """Monotonic instant of that frame's arrival."""
    phase: Phase = Phase.SPEAKING
    end_ms: int = 0
    """Media time at which the last voiced frame ends."""
    ended_ms: float | None = None
    """Monotonic instant of that frame's arrival."""
    audio_to_ms: int = 0
    """Media time up to which its audio reaches: the silence that ended it is part of it."""
    voiced_ms: int = 0
    end_reason: EndReason = EndReason.SILENCE
    deadline_ms: float = 0.0
    """Monotonic instant at which waiting ends."""
    look_at_ms: float = 0.0
    """Monotonic instant at which time alone decides something of it."""
    covering_text: str = ""
    """What the newest hypothesis that covers the utterance made of it."""
    confirmed: int = 0
    """Successive covering hypotheses that said the same."""
    rescue: bool = False
    """A stream failed while it was spoken or waited: only the one-shot recogniser has heard all of it."""
    unanswered: bool = False
    """...and it gave no answer in time."""
    first_partial_ms: float | None = None
    turn: Turn | None = None

    def end(
        self, boundary: SpeechEnded, reason: EndReason, *, audio_to_ms: int, ended_ms: float, deadline_ms: float
    ) -> None:
        self.phase = Phase.WAITING
        self.end_ms = boundary.end_ms
        self.audio_to_ms = audio_to_ms
        self.voiced_ms = boundary.voiced_ms
        self.end_reason = reason
        self.ended_ms = ended_ms
        self.deadline_ms = self.look_at_ms = deadline_ms

    def confirm(self, text: str, *, covers: bool) -> None:
        """A newer hypothesis: does it cover the utterance, and say what the one before it said?"""
        if not covers or not text:
            self.confirmed = 0
        elif text == self.covering_text:
            self.confirmed += 1
        else:
            self.confirmed = 1
        self.covering_text = text

    def reword(self, text: str) -> None:
        """Settled words came before the turn was handed on."""
        if self.turn is not None and text:
            self.turn = replace(self.turn, text=text)
