"""The table of pauses: every row decides something, and docs/answering.md shows them.

``DEBUG=1 python -m tests.calls.reply.test_floor_rule`` prints the table into the page.
"""

from itertools import product

import pytest

from calls.reply.floor_rule import FLOOR_TABLE, MIN_MODEL_WORDS, UNFINISHED_BELOW, FloorRule, Heard, floor_row
from calls.reply.reading import Wholeness
from stt.tuning import BOUNDS, Tuning
from tests.paths import ROOT

PAGE = ROOT / "docs" / "answering.md"
BEGIN, END = "<!-- floor -->\n", "<!-- /floor -->\n"
SITUATIONS = [
    Heard(*cell)
    for cell in product((None, *Wholeness), (False, True), (1, MIN_MODEL_WORDS), (None, 0.0, UNFINISHED_BELOW, 1.0))
]


def printed():
    lines = ["| | when | rule | pause | because |", "|---|---|---|---|---|"]
    for number, row in enumerate(FLOOR_TABLE, 1):
        pause = f"`{row.setting}` ({getattr(Tuning(), row.setting)})"
        lines.append(f"| {number} | {row.when} | `{row.rule}` | {pause} | {row.because} |")
    return "\n".join(lines) + "\n"


def test_the_answering_page_has_the_table():
    page = PAGE.read_text("utf-8")
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)] == printed()


def test_every_row_decides_some_situation():
    decided = {floor_row(situation).when for situation in SITUATIONS}
    assert decided == {row.when for row in FLOOR_TABLE}


@pytest.mark.parametrize("row", FLOOR_TABLE, ids=lambda row: row.when)
def test_a_pause_is_a_setting(row):
    assert row.setting in BOUNDS
    assert row.pause_ms(Tuning()) == getattr(Tuning(), row.setting)


def test_only_a_whole_answer_is_answered_sooner_than_an_open_turn():
    for situation in SITUATIONS:
        pause_ms = floor_row(situation).pause_ms(Tuning())
        assert (pause_ms < Tuning().answer_pause_ms) == (situation.wholeness is Wholeness.WHOLE)


def test_the_model_is_not_believed_of_fewer_words_than_three():
    assert floor_row(Heard(None, False, MIN_MODEL_WORDS - 1, 0.0)).rule is FloorRule.OPEN
    assert floor_row(Heard(None, False, MIN_MODEL_WORDS, 0.0)).rule is FloorRule.UNFINISHED


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page[: page.index(BEGIN) + len(BEGIN)] + printed() + page[page.index(END) :], "utf-8")
