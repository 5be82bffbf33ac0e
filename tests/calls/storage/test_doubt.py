"""How doubtful a call is, and why."""

import pytest

from calls.storage.doubt import Doubt, TurnOfDoubt, doubt_of

LASTED_S = 60.0


def turn(text="שלום", *, revised=None, source="final", code="", speaker="caller", outcome="", echo=False, ms=900):
    return TurnOfDoubt(speaker, 1000, 1000 + ms, text, revised, source, code, outcome, echo)


def test_a_call_that_was_heard_well_has_no_doubt():
    assert doubt_of([turn(), turn("כן", source="early")], LASTED_S) == Doubt(0, {})


@pytest.mark.parametrize(
    ("seen", "points", "reasons"),
    [
        (turn(source="fallback"), 3, {"fallback": 1}),
        (turn(revised="שלום לך"), 2, {"regret": 1}),
        (turn("", source="none", code="no_words", ms=2500), 8, {"no_words": 1, "deaf_s": 2}),
        (turn(revised="", ms=500), 6, {"no_words": 1, "regret": 1}),
        (turn(speaker="agent", source="", outcome="interrupted"), 1, {"interrupted": 1}),
    ],
)
def test_each_reason_has_its_points(seen, points, reasons):
    assert doubt_of([turn(), seen], LASTED_S) == Doubt(points, reasons)


@pytest.mark.parametrize(
    "seen",
    [
        turn("", source="none", code="too_short"),
        turn("", source="none", echo=True),
        turn(speaker="agent", outcome="interrupted", code="by_supervisor"),
        turn(speaker="agent", outcome="played"),
    ],
)
def test_what_is_no_fault_of_the_hearing_is_no_doubt(seen):
    assert doubt_of([turn(), seen], LASTED_S).points == 0


def test_a_call_without_a_word_is_silent_unless_it_was_short():
    assert doubt_of([], 10.0).reasons == {"silent": 1}
    assert doubt_of([turn("", source="none", code="too_short")], 30.0).reasons == {"silent": 1}
    assert doubt_of([], 9.9).reasons == {}


def test_words_that_the_line_does_not_keep_were_heard():
    assert doubt_of([turn(""), turn("", source="fallback")], LASTED_S).reasons == {"fallback": 1}


def test_a_long_call_does_not_outweigh_all_others():
    assert doubt_of([turn(source="fallback")] * 50, LASTED_S) == Doubt(30, {"fallback": 50})


def test_the_heaviest_reason_is_said_first():
    turns = [turn(revised="כן"), turn(source="fallback"), turn("", source="none", ms=3000)]
    assert list(doubt_of(turns, LASTED_S).reasons) == ["no_words", "fallback", "deaf_s", "regret"]
