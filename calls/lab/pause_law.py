"""How long people pause in mid-turn: laws measured elsewhere, to draw pauses from. Pure.

Nobody has published how long Hebrew speakers pause when they talk to a machine. eot-bench measured turns of people who
talk to agents in English and in Arabic; the shares are those that it names, between them and behind them stand straight
lines in log-log.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from random import Random

SHORTEST_MS = 200
"""What is shorter counts as no pause."""
LONGEST_MS = 6000
"""Longer ones are cut to this: the line answers them at any setting."""


@dataclass(frozen=True, slots=True)
class PauseLaw:
    """Share of the pauses of at least SHORTEST_MS that outlast a time."""

    name: str
    outlasting: tuple[tuple[int, float], ...]
    """ms and share, from SHORTEST_MS on."""

    def share_outlasting(self, ms: float) -> float:
        """0 to 1."""
        if ms <= SHORTEST_MS:
            return 1.0
        begin, share, slope = self._line(bisect_right(self.outlasting, ms, key=lambda point: point[0]) - 1)
        return share * (ms / begin) ** slope

    def length_ms(self, share: float) -> float:
        """The length that this share of the pauses outlasts; ``share_outlasting`` read backwards."""
        at = sum(share < reached for _, reached in self.outlasting) - 1
        begin, reached, slope = self._line(max(at, 0))
        return min(begin * math.exp(math.log(share / reached) / slope), LONGEST_MS)

    def draw(self, count: int, random: Random) -> list[int]:
        """So many lengths in ms, in any order: one from each of ``count`` equal shares of the law, so that what is
        measured with a few hundred of them depends little on the seed."""
        drawn = [round(self.length_ms((number + random.uniform(0.001, 1)) / count)) for number in range(count)]
        random.shuffle(drawn)
        return drawn

    def _line(self, at: int) -> tuple[int, float, float]:
        """Where the line begins that stands behind this point, and its slope; the last one goes on."""
        at = min(at, len(self.outlasting) - 2)
        (begin, share), (end, next_share) = self.outlasting[at : at + 2]
        return begin, share, math.log(next_share / share) / math.log(end / begin)


ENGLISH = PauseLaw("en", ((200, 1.0), (300, 0.556), (600, 0.217), (1000, 0.10), (1600, 0.05), (3000, 0.012)))
ARABIC = PauseLaw("ar", ((200, 1.0), (300, 0.548), (600, 0.148), (700, 0.10), (900, 0.05), (1600, 0.012)))
LAWS = (ENGLISH, ARABIC)
