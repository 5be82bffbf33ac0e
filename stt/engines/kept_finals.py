"""How late an engine's finals came, and which lacked words: the newest of each kind. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

KEPT = 50
"""Delays, and comparisons with the one-shot recogniser, that are kept of each kind of final."""


class Kind(StrEnum):
    """How a final came."""

    FORCED = "forced"
    """The stream was half-closed for it."""
    NATURAL = "natural"


@dataclass(frozen=True, slots=True)
class FinalsFigures:
    """What is kept of one kind of finals."""

    median_ms: float | None
    """End of speech to covering final."""
    count: int
    compared: int
    """With the one-shot recogniser."""
    lacking: int
    """Of those: the one-shot had words that the stream had not."""


@dataclass(slots=True)
class KeptFinals:
    """The newest of one kind."""

    delays_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    lacking: deque[bool] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def median_ms(self) -> float:
        """0 where there is none."""
        return median(self.delays_ms) if self.delays_ms else 0.0

    @property
    def lacking_share(self) -> float:
        return sum(self.lacking) / len(self.lacking) if self.lacking else 0.0

    def figures(self) -> FinalsFigures:
        delays_ms, lacking = list(self.delays_ms), list(self.lacking)
        return FinalsFigures(median(delays_ms) if delays_ms else None, len(delays_ms), len(lacking), sum(lacking))
