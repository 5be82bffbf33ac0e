"""What barge-in must reach, and how near it came. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.lab.barge_simulation import BargeResult
from voiceapp.runtime.percentile import percentile

MOST_SELF_INTERRUPTIONS = 1
"""In LONELY_PLAYS plays."""
LONELY_PLAYS = 200
LEAST_TAKEN = 0.95
CLEAR_P50_MS, CLEAR_P95_MS = 330, 800
"""From the first word's beginning to the ``clear``; asked of lines with a canceller."""


@dataclass(frozen=True, slots=True)
class LonelyFigures:
    """Of calls in which nobody but the echo answers."""

    plays: int
    cut: int
    """Plays in which the line stopped."""
    answered: int
    """Turns of the echo that were answered."""

    @classmethod
    def of(cls, results: Iterable[BargeResult]) -> LonelyFigures:
        results = list(results)
        return cls(len(results), sum(one.cut_itself for one in results), sum(len(one.answered) for one in results))

    @property
    def holds(self) -> bool:
        return self.cut <= MOST_SELF_INTERRUPTIONS * self.plays / LONELY_PLAYS and not self.answered

    def cells(self) -> tuple[str, str]:
        """Self-interruptions and echo turns answered; a miss is bold."""
        cut = f"{self.cut} of {self.plays}"
        return (
            _cell(cut, self.cut <= MOST_SELF_INTERRUPTIONS * self.plays / LONELY_PLAYS),
            _cell(f"{self.answered}", not self.answered),
        )


@dataclass(frozen=True, slots=True)
class TakenFigures:
    """Of callers who speak over the line and mean it."""

    callers: int
    delays_ms: tuple[float, ...]
    """From the onset to the ``clear``, of those who were taken: it came while they spoke or just behind, and the line
    had not stopped before."""

    @classmethod
    def of(cls, results: Iterable[BargeResult]) -> TakenFigures:
        results = list(results)
        taken = [one.clear_after_ms for one in results if not one.cut_itself]
        return cls(len(results), tuple(delay_ms for delay_ms in taken if delay_ms is not None))

    @property
    def share(self) -> float:
        return len(self.delays_ms) / self.callers if self.callers else 0.0

    @property
    def are_taken(self) -> bool:
        return self.share >= LEAST_TAKEN

    @property
    def is_timely(self) -> bool:
        p50, p95 = self._spread
        return p50 <= CLEAR_P50_MS and p95 <= CLEAR_P95_MS

    def cells(self, *, required: bool, timed: bool) -> tuple[str, str]:
        """Share, and p50 / p95; a miss of what is required is bold."""
        share, (p50, p95) = f"{100 * self.share:.0f} %", self._spread
        spread = f"{p50:.0f} / {p95:.0f}" if self.delays_ms else "-"
        return _cell(share, not required or self.are_taken), _cell(spread, not timed or self.is_timely)

    @property
    def _spread(self) -> tuple[float, float]:
        return percentile(self.delays_ms, 0.5) or 0.0, percentile(self.delays_ms, 0.95) or 0.0


@dataclass(frozen=True, slots=True)
class BackchannelFigures:
    """Of callers who say no more than that they listen."""

    callers: int
    stopped: int
    resumed: int
    """Of those that were stopped."""
    answered: int

    @classmethod
    def of(cls, results: Iterable[BargeResult]) -> BackchannelFigures:
        results = list(results)
        stopped = [one for one in results if one.clears_ms]
        return cls(
            len(results), len(stopped), sum(one.resumed for one in stopped), sum(bool(one.answered) for one in results)
        )

    @property
    def holds(self) -> bool:
        return self.resumed == self.stopped and not self.answered

    def cells(self) -> tuple[str, str, str]:
        """Stopped, resumed and answered; a miss is bold."""
        return (
            f"{self.stopped} of {self.callers}",
            _cell(f"{self.resumed} of {self.stopped}", self.resumed == self.stopped),
            _cell(f"{self.answered}", not self.answered),
        )


def _cell(text: str, holds: bool) -> str:
    return text if holds else f"**{text}**"
