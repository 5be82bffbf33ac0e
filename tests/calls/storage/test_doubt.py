"""How doubtful a call is, and why."""

import pytest

from calls.storage.doubt import Doubt, TurnOfDoubt, doubt_of

LASTED_S = 60.0


def turn(
    text="שלום", *, at=1000, revised=None, source="final", code="", speaker="caller", outcome="", echo=False, ms=900
):
    return TurnOfDoubt(speaker, at, at + ms, text, revised, source, code, outcome, echo)


def answer(outcome="played", code="", at=5000, ms=900, rule="open", text="מה עוד?"):
    return TurnOfDoubt("agent", at, at + ms, text, None, "", code, outcome, False, rule)


def test_a_call_that_was_heard_well_has_no_doubt():
    assert doubt_of([turn(), turn("כן", source="early")], LASTED_S) == Doubt(0, {})


@pytest.mark.parametrize(
    ("seen", "points", "reasons"),
    [
        (turn(source="fallback"), 3, {"fallback": 1}),
        (turn(revised="שלום לך"), 2, {"regret": 1}),
        (turn("", source="none", code="no_words", ms=2500), 8, {"no_words": 1, "deaf_s": 2}),
        (turn(revised="", ms=500), 6, {"no_words": 1, "regret": 1}),
        (answer("failed", "voice_raised"), 4, {"answer_failed:voice_raised": 1}),
    ],
)
def test_each_reason_has_its_points(seen, points, reasons):
    assert doubt_of([turn(), seen], LASTED_S) == Doubt(points, reasons)


@pytest.mark.parametrize(
    "seen",
    [
        turn("", source="none", code="too_short"),
        turn("", source="none", echo=True),
        answer("interrupted", "by_supervisor", at=0, ms=2000),
        answer("played"),
        answer("played", "answer_cut_off"),
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


def test_an_answer_that_the_caller_spoke_over_is_cut_off_by_them_and_a_hang_up_is_none():
    assert doubt_of([answer("interrupted"), turn(at=5500)], LASTED_S) == Doubt(1, {"interrupted": 1})
    for other in (turn(at=5000), turn(at=5950), turn(at=5500, echo=True), turn("", at=5500, source="none")):
        assert "interrupted" not in doubt_of([turn(), answer("interrupted"), other], LASTED_S).reasons


def test_a_failed_answer_is_that_alone_whoever_stopped_its_apology():
    turns = [turn(), answer("failed", "voice_raised"), answer("interrupted", "voice_raised", 7000), turn(at=7100)]
    assert doubt_of(turns, LASTED_S) == Doubt(8, {"answer_failed:voice_raised": 2})


def test_a_call_that_the_line_gave_up_comes_before_others_and_keeps_each_code():
    turns = [turn(), answer("failed", "responder_slow"), answer("failed", "voice_raised", 7000)]
    assert doubt_of(turns, LASTED_S, "answer_failed") == Doubt(
        18, {"gave_up": 1, "answer_failed:responder_slow": 1, "answer_failed:voice_raised": 1}
    )
    many = [answer("failed", code) for code in ("voice_slow", "voice_raised") for _ in range(8)]
    assert doubt_of([turn(), *many], LASTED_S).points == 40


def test_an_answer_that_says_the_same_as_the_one_before_has_asked_again():
    turns = [turn(), answer(at=9000), answer(at=5000), answer(at=13000, rule="resumed"), answer(at=17000, text="כן")]
    assert doubt_of(turns, LASTED_S) == Doubt(1, {"asked_again": 1})
    assert doubt_of([turn(), answer(text=""), answer(text="", at=7000)], LASTED_S).points == 0
