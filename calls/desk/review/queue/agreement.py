"""How far two people who reviewed the same calls agree. Pure.

Verdicts by Krippendorff's alpha for nominal data (https://en.wikipedia.org/wiki/Krippendorff%27s_alpha): 1 is always,
0 is as often as chance would have it. Not Cohen's kappa, which is of the same two people throughout: here anybody may
be the first and anybody the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

FEW_CALLS = 20
"""With fewer calls nothing is said."""
Z = 1.96


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of ``n``, with Wilson's 95 % interval:
    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval."""

    part: int
    n: int

    @property
    def value(self) -> float:
        return self.part / self.n if self.n else 0.0

    @property
    def low(self) -> float:
        return self._edge(-1)

    @property
    def high(self) -> float:
        return self._edge(1)

    @property
    def shown(self) -> str:
        """As pages show it, left to right."""
        return f"{self.part} / {self.n} = {100 * self.value:.0f}% ({100 * self.low:.0f}–{100 * self.high:.0f}%)"

    def _edge(self, side: int) -> float:
        if not self.n:
            return float(side > 0)
        centre = self.value + Z * Z / (2 * self.n)
        reach = Z * sqrt(self.value * (1 - self.value) / self.n + Z * Z / (4 * self.n * self.n))
        return min(1.0, max(0.0, (centre + side * reach) / (1 + Z * Z / self.n)))


def alpha(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Krippendorff's, of the two verdicts on each call. None where all verdicts are the same one: what chance would
    have is not known then."""
    values = Counter(value for pair in pairs for value in pair)
    total = values.total()
    expected = total * total - sum(count * count for count in values.values())
    if not expected:
        return None
    disagreements = 2 * sum(a != b for a, b in pairs)
    return 1 - (total - 1) * disagreements / expected
