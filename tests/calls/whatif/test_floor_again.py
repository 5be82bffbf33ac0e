"""When an answer would have begun with other pauses."""

from dataclasses import replace

import pytest

from calls.core.actions import TurnAccepted, TurnRevised
from calls.core.status import CallerActivity, VoicedRun
from calls.core.turns import Source, Turn
from calls.reply.floor_rule import FloorRule
from calls.whatif.floor_again import Begun, KeptQuestion, begins, with_kept_pauses
from calls.whatif.moments import Moment
from stt.tuning import Tuning

HANGOVER_MS = 220
OWN = Tuning()


def said(number, from_ms, to_ms, *, words_after_ms=300, text="שלום"):
    """An utterance: it begins, ends, and has its turn so long after its last voiced frame."""
    run = VoicedRun(from_ms, to_ms, to_ms - from_ms)
    before = CallerActivity(last_utterance=number - 1, run=run)
    after = replace(before, last_spoken_ms=to_ms, last_utterance=number)
    turn = Turn(number, from_ms, to_ms, text, Source.FINAL)
    return [
        Moment(from_ms + 60, replace(before, speaking=True)),
        Moment(to_ms + HANGOVER_MS, after),
        Moment(to_ms + words_after_ms, after, TurnAccepted(turn)),
    ]


ONE = said(1, 1000, 2000)
TWO = [*ONE, *said(2, 2700, 3500)]


def question(*numbers, rule=FloorRule.OPEN, **more):
    return KeptQuestion(frozenset(numbers), rule, **more)


@pytest.mark.parametrize(
    ("rule", "pauses", "begins_ms"),
    [
        (FloorRule.OPEN, {}, 3000),
        (FloorRule.OPEN, {"answer_pause_ms": 1600}, 3600),
        (FloorRule.OPEN, {"answer_pause_expected_ms": 900}, 3000),
        (FloorRule.EXPECTED, {}, 2400),
        (FloorRule.EXPECTED, {"answer_pause_expected_ms": 100}, 2300),  # by its words
        (FloorRule.UNFINISHED, {"answer_pause_unfinished_ms": 3000}, 5000),
    ],
)
def test_an_answer_begins_after_the_pause_of_its_rule(rule, pauses, begins_ms):
    begun = begins(ONE, question(1, rule=rule), replace(OWN, **pauses))
    assert begun == Begun(begins_ms, begins_ms, begins_ms - 2000, 1)


def test_an_answer_that_is_not_ready_begins_when_it_is():
    begun = begins(ONE, question(1, ready_after_ms=900), OWN)
    assert (begun.at_ms, begun.floor_ms) == (3200, 3000)


def test_a_pause_that_the_caller_ended_is_not_answered_unless_ours_is_shorter():
    assert begins(TWO, question(1, 2), OWN) == Begun(4500, 4500, 1000, 2)
    assert begins(TWO, question(1, 2), replace(OWN, answer_pause_ms=600)) == Begun(2600, 2600, 600, 1)
    # Taken, and given back: the answer was not ready when the caller went on.
    late = question(1, 2, ready_after_ms=500)
    assert begins(TWO, late, replace(OWN, answer_pause_ms=600)).answers == 2


def test_the_caller_goes_on_before_an_answer_that_waits_longer():
    assert begins(TWO, question(1), OWN) is None
    assert begins(TWO, question(1), replace(OWN, answer_pause_ms=600)).at_ms == 2600


def test_a_pause_that_was_not_answered_by_the_rule_had_another():
    known = with_kept_pauses(TWO, question(1, 2, rule=FloorRule.EXPECTED), OWN)
    assert known.pauses == {1: FloorRule.UNFINISHED}
    assert begins(TWO, known, OWN) == Begun(3900, 3900, 400, 2)
    assert begins(TWO, known, replace(OWN, answer_pause_unfinished_ms=500)).answers == 1
    # No rule of ours explains a pause so long: it is said as it comes out.
    long = [*ONE, *said(2, 5000, 5500)]
    assert begins(long, with_kept_pauses(long, question(1, 2), OWN), OWN).answers == 1


def test_while_another_answer_plays_nothing_begins():
    begun = begins(ONE, question(1, played=[(500, 4000)]), OWN)
    assert (begun.at_ms, begun.floor_after_ms, begun.since_voice_ms) == (4000, 0, 2000)


def test_turns_of_no_question_and_own_words_are_passed_over():
    over = said(1, 1000, 2000, text="כן כן")
    assert begins([*over, *said(2, 4000, 5000)], question(2), OWN).at_ms == 6000
    echo = replace(ONE[2], news=TurnAccepted(replace(ONE[2].news.turn, echo=True)))
    assert begins([*ONE[:2], echo], question(1), OWN) is None


def test_late_words_make_the_answer_anew():
    turn = ONE[2].news.turn.revised("שלום לכם")
    revised = Moment(2900, ONE[2].caller, TurnRevised(turn, "שלום"))
    assert begins([*ONE, revised], question(1, ready_after_ms=400), OWN).at_ms == 3300


def test_a_silence_in_which_the_line_asked_again_is_passed_over():
    assert begins([Moment(0, CallerActivity()), *said(1, 60_000, 61_000)], question(1), OWN).at_ms == 62_000
    assert begins([], question(1), OWN) is None
