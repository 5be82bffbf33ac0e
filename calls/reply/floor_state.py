"""What the floor (calls/reply/floor.py) keeps: the question, the pause, a long silence. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class Question:
    """What the caller has said and the line has not answered."""

    texts: dict[int, str] = field(default_factory=dict)
    """By the number of the turn; without empty ones."""
    waits: bool = False
    """The responder has said that more must follow."""
    rests: bool = False
    """It has said so after the long pause, too: only more words make this question due again."""

    @property
    def text(self) -> str:
        return " ".join(self.texts[number] for number in sorted(self.texts))

    def changed(self) -> None:
        """Words were added, taken away or replaced: what was made of the old ones is void."""
        self.waits = self.rests = False


@dataclass(slots=True)
class Pause:
    """The caller's silence since their last voiced frame."""

    number: int = 0
    """A pause has its own: the model's answer to an older one is of no use."""
    silent_from_ms: float = 0.0
    ours_to_ms: float = -math.inf
    """The line's last sound ended then, before this pause or in it: who spoke under it did not wait before."""
    ended_ms: float | None = None
    """The instant at which speech was told to have ended; None: no voice made this pause, so the model is not asked."""
    asked_ms: float | None = None
    probability: float | None = None

    def after(self, silent_from_ms: float, ended_ms: float | None = None) -> Pause:
        """The next one."""
        return Pause(self.number + 1, silent_from_ms, self.ours_to_ms, ended_ms)

    def waited_ms(self, now_ms: float) -> int:
        """How long the caller has waited: since their last voiced frame, or our last sound where that came later."""
        return round(now_ms - max(self.silent_from_ms, self.ours_to_ms))


@dataclass(slots=True)
class LongSilence:
    """Nobody speaks."""

    from_ms: float
    asked_again: int = 0
    """Reprompts since the caller's last words."""
