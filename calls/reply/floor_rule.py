"""How long the line waits after the caller's last voiced frame before it may speak: a table. Pure.

A silence does not say whether the caller has finished. Three things tell more than its length. The answerer knows what
it asked, and a text that is a whole answer to it (calls/reply/expect.py) needs hardly any wait, while half of a phone
number needs a long one. The responder may have read the words and said that more must follow. And a model that has
heard the voice (calls/reply/turn_model.py) may say that it did not fall as at an end; of turns with fewer than three
words it is not believed, for it calls finished single words unfinished in three of four cases.

The table is read from the top, and the first row that holds decides; its name is stored with the answer
(``floor_rule``), and its setting (stt/tuning.py) is the length of the pause. Who speaks, and whether there are words at
all, is not asked here: Floor (calls/reply/floor.py) looks into the table only when the caller is silent and has words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from calls.reply.expect import Wholeness
from stt.tuning import Tuning

UNFINISHED_BELOW = 0.76
"""The model's probability of "finished" from which it is believed: 0.5, its makers' own, finds fewer Hebrew pauses."""
MIN_MODEL_WORDS = 3
"""Of a turn for which the model is believed."""


class FloorRule(StrEnum):
    """Why the line may speak, as stored."""

    EXPECTED = "expected"
    UNFINISHED = "unfinished"
    OPEN = "open"


class Heard(NamedTuple):
    """A question of the caller, all its turns together, at one moment of the pause after it."""

    wholeness: Wholeness | None
    """What the text is to what was expected; None: nothing in particular was."""
    waits: bool
    """The responder has said that the caller has not finished."""
    words: int
    probability: float | None
    """That the caller has finished, as the model says; None: it was not asked, or its answer is late."""


@dataclass(frozen=True, slots=True)
class FloorRow:
    """A condition, what follows from it, and why."""

    when: str
    """The condition, for the page."""
    holds: Callable[[Heard], bool]
    rule: FloorRule
    setting: str
    """The field of Tuning that is the pause's length."""
    because: str

    def pause_ms(self, tuning: Tuning) -> int:
        return int(getattr(tuning, self.setting))


FLOOR_TABLE = (
    FloorRow(
        "the text is a whole answer to what was expected",
        lambda heard: heard.wholeness is Wholeness.WHOLE,
        FloorRule.EXPECTED,
        "answer_pause_expected_ms",
        "Nothing more can belong to it.",
    ),
    FloorRow(
        "something was expected, and the text is not (yet) it, or its check is wrong",
        lambda heard: heard.wholeness is not None,
        FloorRule.UNFINISHED,
        "answer_pause_unfinished_ms",
        "Numbers are dictated in groups, with pauses between them; after a wrong one the caller often mends it.",
    ),
    FloorRow(
        "the responder said `Wait`",
        lambda heard: heard.waits,
        FloorRule.UNFINISHED,
        "answer_pause_unfinished_ms",
        "It has read the words, and they break off.",
    ),
    FloorRow(
        f"≥ {MIN_MODEL_WORDS} words, and smart-turn's probability of an end is below {UNFINISHED_BELOW}",
        lambda heard: (
            heard.words >= MIN_MODEL_WORDS and heard.probability is not None and heard.probability < UNFINISHED_BELOW
        ),
        FloorRule.UNFINISHED,
        "answer_pause_unfinished_ms",
        "The voice did not sound like an end.",
    ),
    FloorRow(
        "else",
        lambda heard: True,
        FloorRule.OPEN,
        "answer_pause_ms",
        "Silence alone must tell.",
    ),
)


def floor_row(heard: Heard) -> FloorRow:
    """The first row of the table that holds."""
    return next(row for row in FLOOR_TABLE if row.holds(heard))
