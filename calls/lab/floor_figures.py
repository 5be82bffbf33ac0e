"""What the floor must reach, and how near it came. Pure.

The limits are those that docs/answering.md names; whether a caller is well served by them is another question, and only
calls can answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from calls.lab.answering_simulation import AnsweredScene
from voiceapp.runtime.percentile import percentile

CURVE_MS = tuple(range(600, 1301, 100))
"""Mean delays at which two ways to wait are compared."""


class FloorFigures:
    """Of many scenes."""

    def __init__(self, answered: Iterable[AnsweredScene]) -> None:
        self.scenes = list(answered)
        last = [scene.last for scene in self.scenes]
        self.floors_ms = [answer.floor_ms for answer in last if answer is not None]
        """Last voiced frame to the floor taken, of the answers behind the last words."""
        self.totals_ms = [answer.total_ms for answer in last if answer is not None]
        self.unanswered = last.count(None)
        self.early = sum(bool(scene.early) for scene in self.scenes)
        """Scenes with an answer before the caller had finished."""
        self.pauses = sum(len(scene.scene.pauses) for scene in self.scenes)
        self.pauses_answered = sum(scene.pauses_answered for scene in self.scenes)

    @property
    def share_answered(self) -> float:
        """Of the pauses, in %."""
        return 100 * self.pauses_answered / self.pauses if self.pauses else 0.0

    @property
    def mean_floor_ms(self) -> float:
        return fmean(self.floors_ms) if self.floors_ms else 0.0

    @property
    def mean_delay_ms(self) -> float:
        """From the end of the last word, as aligned, to the answer's first frame."""
        delays = [one.last.at_ms - one.scene.end_ms for one in self.scenes if one.last is not None]
        return fmean(delays) if delays else 0.0


def spread(values: Sequence[int]) -> str:
    """p50 / p95."""
    return f"{percentile(values, 0.5)} / {percentile(values, 0.95)}" if values else "-"


@dataclass(frozen=True, slots=True)
class DefaultFigures:
    """Of one kind of recordings, at the settings that a new line has."""

    expected: FloorFigures
    """Single words and dictated numbers."""
    expected_llm: FloorFigures
    english: FloorFigures
    """Sentences, as open turns, with the pauses of a law."""
    arabic: FloorFigures
    open_llm: FloorFigures
    numbers: FloorFigures

    def measured(self) -> dict[str, float]:
        """By the names of REQUIRED."""
        opened, opened_llm = self.english.totals_ms + self.arabic.totals_ms, self.open_llm.totals_ms
        expected = {
            "expected answers: floor": self.expected.floors_ms,
            "expected answers: total, scripted": self.expected.totals_ms,
            "expected answers: total, llm": self.expected_llm.totals_ms,
        }
        return {
            **{f"{name} p50": percentile(values, 0.5) or 0 for name, values in expected.items()},
            **{f"{name} p95": percentile(values, 0.95) or 0 for name, values in expected.items()},
            "open turns: total, scripted p50": percentile(opened, 0.5) or 0,
            "open turns: total, llm p50": percentile(opened_llm, 0.5) or 0,
            'pauses answered, "en"': self.english.share_answered,
            'pauses answered, "ar"': self.arabic.share_answered,
            "dictated numbers answered early": self.numbers.early,
            "callers without an answer within 4 s": sum(
                one.unanswered for one in (self.expected, self.expected_llm, self.english, self.arabic, self.open_llm)
            ),
        }


@dataclass(frozen=True, slots=True)
class Required:
    """At most so much."""

    name: str
    limit: float
    unit: str = "ms"

    def cell(self, measured: float) -> str:
        """What was measured; a miss is bold."""
        value = f"{measured:.1f} %" if self.unit == "%" else f"{measured:.0f} {self.unit}".strip()
        return value if self.holds(measured) else f"**{value}**"

    def holds(self, measured: float) -> bool:
        return measured <= self.limit


REQUIRED = (
    Required("expected answers: floor p50", 450),
    Required("expected answers: floor p95", 600),
    Required("expected answers: total, scripted p50", 550),
    Required("expected answers: total, scripted p95", 750),
    Required("expected answers: total, llm p50", 1000),
    Required("expected answers: total, llm p95", 1300),
    Required("open turns: total, scripted p50", 1100),
    Required("open turns: total, llm p50", 1100),
    Required('pauses answered, "en"', 11, "%"),
    Required('pauses answered, "ar"', 4.5, "%"),
    Required("dictated numbers answered early", 0, ""),
    Required("callers without an answer within 4 s", 0, ""),
)


def misses(figures: DefaultFigures) -> list[str]:
    """Names of what is not reached."""
    measured = figures.measured()
    return [required.name for required in REQUIRED if not required.holds(measured[required.name])]


@dataclass(frozen=True, slots=True)
class Curve:
    """Share of the pauses that are answered, by the mean delay that it costs."""

    points: tuple[tuple[float, float], ...]
    """ms and %, by rising delay."""

    @classmethod
    def of(cls, measured: Iterable[FloorFigures]) -> Curve:
        return cls(tuple(sorted((one.mean_floor_ms, one.share_answered) for one in measured)))

    def at(self, delay_ms: float) -> float | None:
        """In %, on the straight line between two points; None outside of them."""
        for (begin, share), (end, next_share) in zip(self.points, self.points[1:], strict=False):
            if begin <= delay_ms <= end:
                return share + (next_share - share) * (delay_ms - begin) / ((end - begin) or 1)
        return None

    def lies_below(self, other: Curve) -> bool:
        """At every delay of CURVE_MS; where either is not known it does not."""
        for delay_ms in CURVE_MS:
            mine, theirs = self.at(delay_ms), other.at(delay_ms)
            if mine is None or theirs is None or mine >= theirs:
                return False
        return True
