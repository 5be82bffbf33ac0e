"""An utterance on its way to becoming a turn: its frames, its anchors in time, its phase. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto

from calls.core.turns import EndReason, Turn
from stt.events import OneShotDone

MIN_AGREEING = 2
"""Successive covering hypotheses that must agree before a partial is text to act on. One alone has its newest word
wrong in a quarter of cases, or ends ahead of its words."""


CUT_COVERAGE_MS = 3000
"""How long an utterance that was cut for its length waits for a result that covers it."""


class Phase(Enum):
    """How far an utterance has come."""

    SPEAKING = auto()
    WAITING = auto()
    """Ended; waits for the stream's words until its deadline."""
    ASKED = auto()
    """The one-shot recogniser was asked; the first covering text wins."""
    DECIDED = auto()
    """It has its turn, which may still be held back by an earlier one."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an utterance has ended."""

    end_ms: int = 0
    """Media time at which the last voiced frame ends."""
    arrived_ms: float | None = None
    """Monotonic instant of that frame's arrival."""
    audio_to_ms: int = 0
    """Media time up to which its audio reaches: the silence that ended it is part of it."""
    voiced_ms: int = 0
    reason: EndReason = EndReason.SILENCE

    def wait_ms(self, stt_timeout_ms: int) -> int:
        """How long the stream's words are waited for."""
        return CUT_COVERAGE_MS if self.reason is EndReason.TOO_LONG else stt_timeout_ms


NOT_ENDED = Ending()


@dataclass(slots=True)
class Hypotheses:
    """The stream's hypotheses of one utterance: the newest, and whether it has settled."""

    text: str = ""
    """The newest one's words."""
    agreeing: int = 0
    """Successive covering hypotheses that said the same."""
    first_ms: float | None = None
    """Monotonic instant of the first one with words."""

    def add(self, text: str, now_ms: float, *, covers: bool) -> None:
        """A newer hypothesis; ``covers``: it reaches beyond the utterance's end."""
        if not covers or not text:
            self.agreeing = 0
        elif text == self.text:
            self.agreeing += 1
        else:
            self.agreeing = 1
        self.text = text
        if text and self.first_ms is None:
            self.first_ms = now_ms

    @property
    def settled(self) -> bool:
        return self.agreeing >= MIN_AGREEING


@dataclass(slots=True)
class Hedge:
    """The one-shot recogniser was asked for an utterance that still waits for its stream."""

    deadline_ms: float
    """Monotonic instant at which its answer is given up."""
    answer: OneShotDone | None = None
    """It heard no words, or failed; kept until that decides."""


@dataclass(slots=True)
class Utterance:
    """One utterance from its first voiced frame until its turn is handed on."""

    number: int
    start_ms: int
    """Media time of the first voiced frame."""
    began_ms: float
    """Monotonic instant of that frame's arrival."""
    needs_one_shot: bool = False
    """A stream failed while it was spoken or waited: only the one-shot recogniser has heard all of it."""
    phase: Phase = Phase.SPEAKING
    ending: Ending = NOT_ENDED
    deadline_ms: float = 0.0
    """Monotonic instant at which waiting ends."""
    look_at_ms: float = 0.0
    """Monotonic instant at which time alone decides something of it."""
    hypotheses: Hypotheses = field(default_factory=Hypotheses)
    unanswered: bool = False
    """It needed the one-shot recogniser, which gave no answer."""
    hedge: Hedge | None = None
    turn: Turn | None = None

    @property
    def waits(self) -> bool:
        """It has ended and has no turn yet."""
        return self.phase is Phase.WAITING or self.phase is Phase.ASKED

    @property
    def depends_on_stream(self) -> bool:
        """Its words are still to come from the stream."""
        return self.phase is Phase.SPEAKING or self.phase is Phase.WAITING

    def end(self, ending: Ending, deadline_ms: float) -> None:
        """Its voice has ended; the stream's words are waited for until ``deadline_ms``."""
        self.phase, self.ending = Phase.WAITING, ending
        self.wait_until(deadline_ms)

    def ask(self, deadline_ms: float) -> None:
        """The one-shot recogniser is asked, and waited for until ``deadline_ms``."""
        self.phase = Phase.ASKED
        self.wait_until(deadline_ms)

    def wait_until(self, deadline_ms: float) -> None:
        """It has another deadline than before."""
        self.deadline_ms = self.look_at_ms = deadline_ms

    def accept(self, turn: Turn) -> None:
        """It has its turn."""
        self.phase, self.turn = Phase.DECIDED, turn

    def reword(self, text: str) -> None:
        """Settled words came before the turn was handed on."""
        if self.turn is not None and text:
            self.turn = replace(self.turn, text=text)
