"""How certain a measure is: the bootstrap over calls (Efron 1979), seeded, in bounded time. Pure.

A trial is enough when what its calls leave open no longer matters, and not when a difference happens to stand out: who
looks every hour and stops at the first significant one is wrong far more often than one time in twenty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from calls.desk.tuning.figures import Measure, Sample
from voiceapp.runtime.percentile import percentile

RESAMPLES = 200
LEVEL = 0.95
MIN_CALLS = 30
"""Of fewer calls a side no interval says anything, and none is said: of one call alone it would have no width."""
TOLERANCES = {
    Measure.FINAL_P50: 100.0,
    Measure.FINAL_P95: 300.0,
    Measure.EARLY: 0.10,
    Measure.FALLBACK: 0.05,
    Measure.NONE: 0.05,
    Measure.REGRET: 0.02,
    Measure.CUT_OFFS: 0.10,
    Measure.TOTAL_P50: 100.0,
    Measure.TOTAL_P95: 300.0,
    Measure.PAUSES_ANSWERED: 0.05,
    Measure.WITHDRAWN: 0.10,
}
"""Half an interval's width below which a difference is known well enough to choose by: ms, and shares."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with the interval that holds it at LEVEL."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """A difference that is not none."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """Whether a trial may end."""

    enough: bool
    calls_needed: int
    """A side, as far as can be told from what there is; 0 when it is enough."""
    open: tuple[Measure, ...] = ()
    """What is not known well enough."""


Resamples = list[dict[Measure, float | None]]


def resamples(sample: Sample, seed: int) -> Resamples:
    """Every measure over RESAMPLES draws of the calls, with replacement; none of fewer than MIN_CALLS."""
    count = len(sample.calls)
    if count < MIN_CALLS:
        return []
    random = Random(seed)
    drawn: Resamples = []
    for _ in range(RESAMPLES):
        weights = [0] * count
        for i in random.choices(range(count), k=count):
            weights[i] += 1
        drawn.append(sample.measures(weights))
    return drawn


def estimates(sample: Sample, drawn: Resamples) -> dict[Measure, Estimate]:
    return {
        measure: _estimate(value, [draw[measure] for draw in drawn]) for measure, value in sample.measures().items()
    }


def differences(a: Sample, a_drawn: Resamples, b: Sample, b_drawn: Resamples) -> dict[Measure, Estimate]:
    """B minus A."""
    of_a, of_b = a.measures(), b.measures()
    return {
        measure: _estimate(
            _minus(of_b[measure], of_a[measure]),
            [_minus(y[measure], x[measure]) for x, y in zip(a_drawn, b_drawn, strict=False)],
        )
        for measure in Measure
    }


def verdict(a: Sample, b: Sample, found: dict[Measure, Estimate]) -> TrialVerdict:
    """Enough, or how many calls a side it may take: an interval narrows with the root of their number."""
    calls = min(len(a.calls), len(b.calls))
    if calls < MIN_CALLS:
        of_a, of_b = a.measures(), b.measures()
        known = tuple(one for one in TOLERANCES if of_a[one] is not None or of_b[one] is not None)
        return TrialVerdict(False, MIN_CALLS, known or tuple(TOLERANCES))
    still_open, factor = [], 1.0
    for measure, matters in TOLERANCES.items():
        estimate = found[measure]
        if estimate.low is None or estimate.high is None:
            continue
        half = (estimate.high - estimate.low) / 2
        if half > matters:
            still_open.append(measure)
            factor = max(factor, (half / matters) ** 2)
    return TrialVerdict(not still_open, math.ceil(calls * factor) if still_open else 0, tuple(still_open))


def _estimate(value: float | None, drawn: Sequence[float | None]) -> Estimate:
    known = [one for one in drawn if one is not None]
    if value is None or not known:
        return Estimate(value)
    edge = (1 - LEVEL) / 2
    return Estimate(value, percentile(known, edge), percentile(known, 1 - edge))


def _minus(b: float | None, a: float | None) -> float | None:
    return None if a is None or b is None else b - a
