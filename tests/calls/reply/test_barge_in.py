"""Whether a caller's voice over an answer is an interruption."""

from dataclasses import replace

import pytest

from calls.core.status import CallerActivity, VoicedRun
from calls.reply.barge_in import BargeIn, TurnOverAnswer
from calls.reply.items import Expect, ExpectationKind
from stt.tuning import Tuning

SILENT = CallerActivity()


def voice(voiced_ms, from_ms=10_000.0):
    """A caller who speaks now."""
    return CallerActivity(speaking=True, run=VoicedRun(from_ms, from_ms + voiced_ms - 20, voiced_ms))


def ended(voiced_ms, number=1, from_ms=10_000.0):
    return replace(voice(voiced_ms, from_ms), speaking=False, last_spoken_ms=from_ms + voiced_ms, last_utterance=number)


def stopped(voiced_ms=260, sounded_for_ms=3000, heard_ms=3000, has_rest=True, was_resumed=False, **tuning):
    """An answer was stopped by a voice, which is over."""
    barge_in = BargeIn(Tuning(**tuning))
    barge_in.caller_is(SILENT, voice(voiced_ms), over_answer=True)
    barge_in.was_cut(sounded_for_ms=sounded_for_ms, heard_ms=heard_ms, has_rest=has_rest, was_resumed=was_resumed)
    barge_in.caller_is(voice(voiced_ms), ended(voiced_ms), over_answer=True)
    return barge_in


@pytest.mark.parametrize(("voiced_ms", "stops"), [(40, False), (240, False), (260, True), (900, True)])
def test_so_much_voice_stops_an_answer(voiced_ms, stops):
    assert BargeIn(Tuning(barge_in_ms=250)).stops_answer(voice(voiced_ms), 5000.0) is stops


def test_voice_before_the_first_frame_is_no_voice_over_the_answer():
    barge_in = BargeIn(Tuning(barge_in_ms=250))
    assert not barge_in.stops_answer(voice(400, from_ms=10_000.0), sounds_from_ms=10_200.0)
    assert barge_in.stops_answer(voice(460, from_ms=10_000.0), sounds_from_ms=10_200.0)


def test_voice_that_is_over_stops_nothing():
    assert not BargeIn(Tuning()).stops_answer(ended(900), 5000.0)


def test_it_looks_again_when_the_voice_may_be_enough():
    barge_in = BargeIn(Tuning(barge_in_ms=250))
    assert barge_in.look_at_ms(SILENT, 0.0, 10_000.0) is None
    assert barge_in.look_at_ms(voice(60), 0.0, 10_060.0) == 10_250.0
    assert barge_in.look_at_ms(voice(240), 0.0, 10_240.0) == 10_260.0


def test_a_stop_word_needs_no_length_of_voice():
    barge_in = BargeIn(Tuning())
    barge_in.caller_is(SILENT, voice(80), over_answer=True)
    assert barge_in.words_stop_answer(1, "רגע", "")
    assert not barge_in.words_stop_answer(1, "שלום", "")
    assert not barge_in.words_stop_answer(1, "רגע", "רגע אחד")


def test_a_stop_word_of_an_utterance_before_the_answer_stops_nothing():
    barge_in = BargeIn(Tuning())
    barge_in.caller_is(SILENT, ended(300), over_answer=False)
    assert not barge_in.words_stop_answer(1, "רגע", "")


def test_words_make_it_an_interruption():
    barge_in = stopped()
    assert barge_in.settle(1, "אהה מה השעה") is TurnOverAnswer.INTERRUPTION
    assert barge_in.interrupted() is not None and barge_in.cut is None


def test_while_the_words_so_far_may_be_one_nothing_goes_on_and_the_turn_decides():
    barge_in = stopped()
    barge_in.hears(1, "כנראה")
    assert barge_in.resume_due_ms(ended(260)) is None
    assert barge_in.settle(1, "כן כן") is TurnOverAnswer.BACKCHANNEL
    assert barge_in.resume_due_ms(ended(260)) == 10_240


def test_words_that_vanish_were_none():
    barge_in = stopped()
    barge_in.hears(1, "כנראה")
    assert barge_in.settle(1, "") is TurnOverAnswer.QUESTION
    assert barge_in.resume_due_ms(ended(260)) == 10_240 + 1200


def test_without_words_the_answer_goes_on_after_a_while():
    barge_in = stopped(260, barge_in_resume_ms=1200)
    assert barge_in.resume_due_ms(ended(260)) == 10_240 + 1200
    assert barge_in.resume_due_ms(voice(260)) is None  # it is not over


def test_nothing_goes_on_where_that_is_switched_off_or_was_done_before():
    assert stopped(barge_in_resume_ms=0).resume_due_ms(ended(260)) is None
    assert stopped(was_resumed=True).resume_due_ms(ended(260)) is None
    assert stopped(has_rest=False).resume_due_ms(ended(260)) is None


def test_a_backchannel_lets_it_go_on_even_there():
    for barge_in in (stopped(barge_in_resume_ms=0), stopped(was_resumed=True)):
        assert barge_in.settle(1, "אהה") is TurnOverAnswer.BACKCHANNEL
        assert barge_in.resume_due_ms(ended(260)) == 10_240


def test_a_backchannel_is_passed_over_and_the_answer_goes_on_at_once():
    barge_in = stopped(260)
    assert barge_in.settle(1, "אהה") is TurnOverAnswer.BACKCHANNEL
    assert barge_in.resume_due_ms(ended(260)) == 10_240


def test_a_backchannel_before_another_voice_waits_for_its_words():
    barge_in = stopped(260)
    later = voice(200, from_ms=11_000.0)
    barge_in.caller_is(ended(260), later, over_answer=True)
    assert barge_in.settle(1, "אהה") is TurnOverAnswer.BACKCHANNEL
    barge_in.caller_is(later, ended(200, 2, 11_000.0), over_answer=True)
    assert barge_in.resume_due_ms(ended(200, 2, 11_000.0)) == 11_180 + 1200


@pytest.mark.parametrize(
    ("expect", "text", "passes"),
    [
        (Expect(), "כן", True),
        (Expect(ExpectationKind.YES_NO), "כן", False),
        (Expect(ExpectationKind.YES_NO), "אמ", True),
        (Expect(ExpectationKind.CHOICE, (("tall", ("טוב",)),)), "טוב", False),
        (Expect(ExpectationKind.DIGITS), "כן", True),
    ],
)
def test_a_whole_answer_to_what_was_asked_is_no_backchannel(expect, text, passes):
    barge_in = stopped()
    barge_in.expects(expect)
    assert barge_in.settle(1, text) is (TurnOverAnswer.BACKCHANNEL if passes else TurnOverAnswer.INTERRUPTION)


def test_a_backchannel_that_is_said_into_silence_is_a_turn():
    barge_in = BargeIn(Tuning())
    barge_in.caller_is(SILENT, ended(300), over_answer=False)
    assert barge_in.settle(1, "כן") is TurnOverAnswer.QUESTION


def test_late_words_of_a_voice_that_was_taken_for_nothing_stop_the_answer_again():
    barge_in = stopped()
    barge_in.resumed()
    assert barge_in.words_stop_answer(1, "מה השעה", "")
    assert not barge_in.words_stop_answer(1, "אהה", "")
    assert barge_in.settle(1, "אהה") is TurnOverAnswer.BACKCHANNEL
    assert not barge_in.words_stop_answer(1, "מה השעה", "")  # its turn is there: it is settled


@pytest.mark.parametrize(
    ("sounded_for_ms", "heard_ms", "false_start"),
    [(300, 550, True), (-200, 100, True), (1500, 599, True), (1501, 500, False), (700, 600, False)],
)
def test_a_caller_who_goes_on_at_once_and_has_heard_nothing_had_not_finished(sounded_for_ms, heard_ms, false_start):
    assert stopped(sounded_for_ms=sounded_for_ms, heard_ms=heard_ms).cut.false_start is false_start
