"""Where the time of a caller's turn went, from its last second of speech to the first sound of the answer. Pure.

Only stored columns are read. A part that was not measured is left out: it is never a part of 0 ms, and what follows it
stands where it was measured from, the last voiced frame's arrival.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from calls.core.agent_turns import AnswerTimes
from calls.core.turns import EndReason, Source

CALLERS_FLOOR = frozenset({"expected", "unfinished", "open"})
"""The ``floor_rule`` of an answer to what the caller said; others have other reasons to begin."""
SHOWN_SPEECH_MS = 1000
"""A turn's speech lasts up to 55 s: its last second is enough to see where it ended."""
HUNG_OVER = frozenset({EndReason.SILENCE, EndReason.NO_FRAMES})
"""Only such an end waited for silence; a hang-up or a cut at 55 s did not."""


class Party(StrEnum):
    """Whose the time was."""

    CALLER = "caller"
    ENGINE = "engine"
    US = "us"


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of the bar."""

    name: str
    """``speech`` | ``hangover``, a Source's value: what the words were waited for from, or a stage of AnswerTimes."""
    ms: int
    party: Party


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """One turn's."""

    spoken_ms: int
    partial_ms: int | None
    """Beginning of speech to the first partial."""
    final_ms: int | None
    source: str
    end_reason: str
    hangover_ms: int | None
    """The setting that the call ran with; None where it is not known."""
    answer: AnswerTimes | None = None
    """Of the answer to it; None where there was none."""

    @property
    def parts(self) -> tuple[TimePart, ...]:
        """In their order, each longer than 0 ms."""
        return tuple(part for part in self._all() if part.ms > 0)

    @property
    def speech_shown_ms(self) -> int:
        return min(self.spoken_ms, SHOWN_SPEECH_MS)

    @property
    def partial_at_ms(self) -> int | None:
        """The first partial on the bar, from its beginning; None where it came before that or never."""
        if self.partial_ms is None:
            return None
        at_ms = self.partial_ms - self.spoken_ms + self.speech_shown_ms
        return at_ms if at_ms >= 0 else None

    def _all(self) -> Iterator[TimePart]:
        yield TimePart("speech", self.speech_shown_ms, Party.CALLER)
        reached_ms = 0
        if self.final_ms is not None:
            if self.hangover_ms is not None and self.end_reason in HUNG_OVER:
                reached_ms = min(self.hangover_ms, self.final_ms)
                yield TimePart("hangover", reached_ms, Party.US)
            yield TimePart(self.source or Source.NONE, self.final_ms - reached_ms, Party.ENGINE)
            reached_ms = self.final_ms
        if self.answer is None or self.answer.floor_rule not in CALLERS_FLOOR:
            return
        for name, ms in self.answer.stages.items():
            yield TimePart(name, max(0, ms - reached_ms) if name == "floor" else ms, Party.US)
