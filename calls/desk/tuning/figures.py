"""What settings did, in numbers: a call's turns summed up, and the measures over many calls. Pure.

A call is the unit: its turns share a caller, a line and a minute, so uncertainty (calls/desk/tuning/uncertainty.py) is
that of calls, and every measure takes a weight for each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Protocol

from calls.core.turns import Source
from calls.whatif.scoring import word_errors

CUT_OFF_MS = 400
"""An utterance that is followed by another within this was cut at a pause, most likely."""
LATENCIES = ("partial_ms", "final_ms", "total_ms")


class AnyTurn(Protocol):
    """A Turn, or its row by the names of a Turn's fields."""

    @property
    def started_ms(self) -> int: ...
    @property
    def ended_ms(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def revised_text(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def vad_missed(self) -> bool: ...
    @property
    def partial_ms(self) -> int | None: ...
    @property
    def final_ms(self) -> int | None: ...
    @property
    def total_ms(self) -> int | None: ...


@dataclass(slots=True)
class CallFigures:
    """One call's turns, summed up."""

    turns: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    words: int = 0
    """Of the heard texts."""
    regret: int = 0
    """Words that later results changed after the turn was handed on: a distance in words."""
    cut_offs: int = 0
    utterances: int = 0
    """Turns that the endpointer found."""
    span_ms: int = 0
    """From the first utterance to the end of the last."""
    latencies: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in LATENCIES})

    @classmethod
    def of(cls, turns: Iterable[AnyTurn]) -> CallFigures:
        """From a call's turns, in any order."""
        figures = cls()
        ordered = sorted(turns, key=lambda turn: turn.started_ms)
        for turn in ordered:
            heard = turn.text if turn.revised_text is None else turn.revised_text
            figures.turns += 1
            figures.sources[str(turn.source)] += 1
            figures.words += len(heard.split())
            if turn.revised_text is not None:
                figures.regret += word_errors(turn.text.split(), heard.split())
            for name in LATENCIES:
                value = getattr(turn, name)
                if value is not None:
                    figures.latencies[name].append(value)
        voiced = [turn for turn in ordered if not turn.vad_missed]
        figures.utterances = len(voiced)
        figures.cut_offs = sum(
            later.started_ms - turn.ended_ms < CUT_OFF_MS for turn, later in zip(voiced, voiced[1:], strict=False)
        )
        if voiced:
            figures.span_ms = max(turn.ended_ms for turn in voiced) - voiced[0].started_ms
        return figures


class Measure(StrEnum):
    """What two revisions are compared by."""

    PARTIAL_P50 = "partial_p50"
    PARTIAL_P95 = "partial_p95"
    FINAL_P50 = "final_p50"
    FINAL_P95 = "final_p95"
    TOTAL_P50 = "total_p50"
    TOTAL_P95 = "total_p95"
    EARLY = "early"
    FINAL = "final"
    PARTIAL = "partial"
    FALLBACK = "fallback"
    NONE = "none"
    REGRET = "regret"
    CUT_OFFS = "cut_offs"
    WORDS_A_MINUTE = "words_a_minute"


SHARES = {Measure(source.value): source for source in Source}
PERCENTILES = {
    Measure(f"{name.removesuffix('_ms')}_p{share}"): (name, share / 100) for name in LATENCIES for share in (50, 95)
}


class Sample:
    """Calls of one revision, made ready to be measured many times at different weights."""

    def __init__(self, calls: Sequence[CallFigures]) -> None:
        self.calls = list(calls)
        self.turns = sum(call.turns for call in calls)
        self._values: dict[str, list[int]] = {}
        self._owners: dict[str, list[int]] = {}
        for name in LATENCIES:
            pairs = sorted((value, i) for i, call in enumerate(calls) for value in call.latencies[name])
            self._values[name] = [value for value, _ in pairs]
            self._owners[name] = [i for _, i in pairs]

    def values(self, latency: str) -> list[int]:
        """In order."""
        return self._values[latency]

    def measures(self, weights: Sequence[int] | None = None) -> dict[Measure, float | None]:
        """Every measure, each call counted as often as its weight says; None where there is nothing to measure."""
        weights = weights if weights is not None else [1] * len(self.calls)
        found: dict[Measure, float | None] = {}
        for name in LATENCIES:
            upto = list(accumulate(map(weights.__getitem__, self._owners[name])))
            for measure, (latency, share) in PERCENTILES.items():
                if latency == name:
                    found[measure] = _at(self._values[name], upto, share)
        turns = self._sum(weights, [call.turns for call in self.calls])
        for measure, source in SHARES.items():
            found[measure] = _ratio(self._sum(weights, [call.sources[source.value] for call in self.calls]), turns)
        words = self._sum(weights, [call.words for call in self.calls])
        found[Measure.REGRET] = _ratio(self._sum(weights, [call.regret for call in self.calls]), words)
        utterances = self._sum(weights, [call.utterances for call in self.calls])
        found[Measure.CUT_OFFS] = _ratio(self._sum(weights, [call.cut_offs for call in self.calls]), utterances)
        minutes = self._sum(weights, [call.span_ms for call in self.calls]) / 60_000
        found[Measure.WORDS_A_MINUTE] = _ratio(words, minutes)
        return found

    def _sum(self, weights: Sequence[int], values: Sequence[int]) -> int:
        return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _at(values: Sequence[int], upto: Sequence[int], share: float) -> float | None:
    """Nearest rank among weighted values; ``upto``: the sum of the weights so far."""
    if not upto or not upto[-1]:
        return None
    return values[bisect_left(upto, share * upto[-1])]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
