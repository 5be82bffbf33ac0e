"""AnswerReading: what a text of the caller is to what was expected of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Wholeness(Enum):
    """How far a text is an answer."""

    WHOLE = "whole"
    """An answer to which nothing more can belong."""
    ENOUGH = "enough"
    """An answer if nothing follows: digits between the shortest and the longest, an hour without minutes."""
    UNFINISHED = "unfinished"
    """No answer yet, or none at all."""
    WRONG = "wrong"
    """As long as an answer, or longer, and it is none: the check digit, the number plan or the calendar says so."""


@dataclass(frozen=True, slots=True)
class AnswerReading:
    """What was read. An answerer that has the floor may take a value of WHOLE and of ENOUGH; at WRONG it asks again."""

    wholeness: Wholeness
    value: str = ""
    """Of WHOLE and ENOUGH, as calls/reply/expect.py says for each kind; of digits also what there is of them so far,
    and at WRONG what was understood."""


NOTHING = AnswerReading(Wholeness.UNFINISHED)
"""The text has nothing of what was expected."""
