"""The table of decisions: every situation has its row, every row has a situation, and docs/latency.md shows them.

``DEBUG=1 python -m tests.calls.core.test_decision`` prints the table into the page.
"""

import re
from dataclasses import fields
from itertools import product

import pytest

from calls.core.decision import (
    TABLE,
    Accept,
    Answer,
    Clock,
    DecisionRow,
    Situation,
    Step,
    StreamOutlook,
    Words,
    row_for,
)
from calls.core.turns import Source
from tests.paths import ROOT

PAGE = ROOT / "docs" / "latency.md"
BEGIN, END = "<!-- decisions -->\n", "<!-- /decisions -->\n"
BOTH = (False, True)
SITUATIONS = [
    Situation(*cell) for cell in product(Answer, BOTH, BOTH, Words, BOTH, BOTH, Clock, StreamOutlook, BOTH, BOTH)
]


def is_possible(now):
    """What the definitions of a situation's facts leave open."""
    return not (
        (now.answer is not Answer.PENDING and not now.asked)
        or (now.asked and not now.long_enough)
        or (now.stream is StreamOutlook.SUSPECT and (now.asked or now.covered or now.draining or not now.long_enough))
        or (now.strong and now.words is Words.NONE)
        or (now.covered and now.stream is StreamOutlook.ENDING)
        or (not now.covered and now.stream is StreamOutlook.HEARD_OUT)
    )


POSSIBLE = [situation for situation in SITUATIONS if is_possible(situation)]
DECIDED = [(situation, row_for(situation).then) for situation in POSSIBLE]

# The page

NAMES = {
    "needs_one_shot": ("no stream failed", "a stream failed under it"),
    "asked": ("not asked", "asked"),
    "covered": ("not covered", "covered"),
    "strong": ("not strong", "strong"),
    "draining": ("call runs", "call has ended"),
    "long_enough": ("< 200 ms of voice", "≥ 200 ms of voice"),
}
"""How a condition that does not hold and one that does are written."""


def conditions(row):
    """Those that the row names, in words."""
    for one in fields(DecisionRow):
        allowed = getattr(row, one.name)
        if one.name in ("then", "because") or allowed == one.default:
            continue
        if one.name in NAMES:
            yield NAMES[one.name][allowed[0]]
        else:
            yield f"{one.name}: {' or '.join(value.value for value in allowed)}"


def outcome(then):
    if isinstance(then, Step):
        return then.value
    return f"`{then.source}`, rule `{then.rule}`" + (f", code `{then.code}`" if then.code else "")


def printed():
    lines = ["| | when | then | because |", "|---|---|---|---|"]
    for number, row in enumerate(TABLE, 1):
        when = "; ".join(conditions(row)) or "else"
        lines.append(f"| {number} | {when} | {outcome(row.then)} | {row.because} |")
    return "\n".join(lines) + "\n"


def test_the_latency_page_has_the_table():
    page = PAGE.read_text("utf-8")
    assert page[page.index(BEGIN) + len(BEGIN) : page.index(END)] == printed()


# The cells


@pytest.mark.parametrize("situation", [SITUATIONS[0], SITUATIONS[-1]])
def test_the_first_row_that_holds_decides(situation):
    first = next(row for row in TABLE if row.holds(situation))
    assert row_for(situation) is first


def test_every_situation_has_a_row():
    assert all(row_for(situation) in TABLE for situation in SITUATIONS)


def test_every_row_decides_some_situation_that_can_be():
    decided = {id(row_for(situation)) for situation in POSSIBLE}
    assert [row for row in TABLE if id(row) not in decided] == []


def test_no_condition_is_idle():
    """Were a row without one of its conditions, some situation that can be would be decided otherwise."""
    idle = []
    for at, row in enumerate(TABLE):
        reach = [now for now in POSSIBLE if not any(before.holds(now) for before in TABLE[:at])]
        for one in fields(DecisionRow):
            if one.name in ("then", "because") or getattr(row, one.name) == one.default:
                continue
            kept = {other.name: getattr(row, other.name) for other in fields(DecisionRow) if other.name != one.name}
            wider = DecisionRow(**kept)
            if not any(wider.holds(now) and row_for(now).then != row.then for now in reach):
                idle.append((at + 1, one.name))
    assert idle == []


def test_a_turn_has_words_where_its_source_has_them():
    for now, then in DECIDED:
        if isinstance(then, Accept):
            words = now.answer is Answer.WORDS or now.words is not Words.NONE
            assert words is (then.source is not Source.NONE), now


def test_a_turn_without_words_has_a_code_or_the_answers():
    for now, then in DECIDED:
        if isinstance(then, Accept) and then.source is Source.NONE:
            assert bool(then.code) is (now.answer is Answer.PENDING), now


def test_an_answer_always_makes_a_turn():
    assert all(isinstance(then, Accept) for now, then in DECIDED if now.answer is not Answer.PENDING)


def test_nothing_waits_when_its_time_is_over_and_the_stream_is_gone():
    waits = {Step.WAIT_TO_DEADLINE, Step.WAIT_TO_SETTLE, Step.WAIT_FOR_STREAM_END}
    for now, then in DECIDED:
        if now.clock is Clock.OVERDUE and now.stream is StreamOutlook.GONE:
            assert then not in waits, now


def test_who_waits_for_an_instant_waits_for_one_that_comes():
    for now, then in DECIDED:
        assert then is not Step.WAIT_TO_DEADLINE or now.clock is Clock.EARLY, now
        assert then is not Step.WAIT_TO_SETTLE or now.clock is Clock.DUE, now


def test_the_one_shot_recogniser_is_asked_once_and_for_voice_only():
    for now, then in DECIDED:
        if then is Step.ASK_ONE_SHOT:
            assert now.long_enough and not now.asked, now


def test_words_that_may_change_are_acted_on_only_when_no_better_ones_are_waited_for():
    for now, then in DECIDED:
        if now.words is Words.CHANGING and now.answer is Answer.PENDING and isinstance(then, Accept):
            over = now.clock is Clock.OVERDUE or now.stream is StreamOutlook.GONE or now.needs_one_shot
            assert over and then.rule == "timeout", now


def test_under_a_stream_that_failed_no_final_is_the_turn():
    for now, then in DECIDED:
        if now.needs_one_shot and isinstance(then, Accept):
            assert then.source not in (Source.FINAL, Source.EARLY), now


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    PAGE.write_text(re.sub(f"(?s)({BEGIN}).*({END})", lambda found: found[1] + printed() + found[2], text), "utf-8")
