"""One of so many, at a place that nobody can foresee: what is taken for a sample. Pure; chance is given."""

from __future__ import annotations

from random import Random

EVERY = 20
"""One utterance in so many is left natural, one forced final in so many is compared with the one-shot recogniser."""
MOST_AGAIN = 5
"""Samples that are made up for, of each EVERY."""


class OneInEvery:
    """True once in each EVERY, at a place that is drawn anew, never in the first half of the first."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._at, self._place = 0, random.randrange(EVERY // 2, EVERY)
        self._again, self._left = False, MOST_AGAIN

    def draw(self) -> bool:
        if self._again:
            self._again = False
            return True
        drawn = self._at == self._place
        self._at += 1
        if self._at == EVERY:
            self._at, self._place, self._left = 0, self._random.randrange(EVERY), MOST_AGAIN
        return drawn

    def again(self) -> None:
        """What was drawn came to nothing: the next one makes up for it, MOST_AGAIN times in each EVERY."""
        if self._left:
            self._again, self._left = True, self._left - 1
