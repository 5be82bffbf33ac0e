"""A caller's scene, how the line answers it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from calls.lab.emulated_answers import SCRIPTED, AnswerPace
from calls.lab.floor_scenes import Scene
from stt.emulator.timing import UNKIND, Timing
from stt.tuning import Tuning

Cue = Callable[[bytes, int | None], float]
"""The newest audio, and for a stand-in how long this pause is in truth (None: the caller has finished) -> the
probability of an end."""


@dataclass(frozen=True, slots=True)
class AnsweringSetup:
    """How the line answers."""

    tuning: Tuning = field(default_factory=Tuning)
    times: AnswerPace = SCRIPTED
    reads_text: bool = True
    """It says what it expects; else every turn is open."""
    cue: Cue | None = None
    """Asked where ``tuning.turn_model`` is smart_turn."""
    timing: Timing = UNKIND
    seed: int = 1


@dataclass(frozen=True, slots=True)
class SoundedAnswer:
    """An answer of the line."""

    at_ms: float
    """Its first frame was sent."""
    rule: str
    floor_ms: int
    total_ms: int


@dataclass(slots=True)
class AnsweredScene:
    """What became of a scene."""

    scene: Scene
    answers: list[SoundedAnswer] = field(default_factory=list)

    @property
    def early(self) -> list[SoundedAnswer]:
        """Those that sounded before the caller had finished."""
        return [answer for answer in self.answers if answer.at_ms < self.scene.end_ms]

    @property
    def pauses_answered(self) -> int:
        """Pauses in which, or in the words behind which, an answer began."""
        begins = [begin for begin, _ in self.scene.pauses]
        return len({max((at for at in begins if at <= one.at_ms), default=-1) for one in self.early} - {-1})

    @property
    def last(self) -> SoundedAnswer | None:
        """The answer behind the caller's last word; None where none came."""
        return next((answer for answer in self.answers if answer.at_ms >= self.scene.end_ms), None)
