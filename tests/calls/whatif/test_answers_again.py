"""A call's answers at other settings, from hand-made traces."""

from dataclasses import replace

import pytest

from calls.core.agent_turns import AgentTurn, AnswerTimes, Outcome, PlayedPart
from calls.whatif.answers_again import Begins, Stops, answers_again
from calls.whatif.recorded_call import HeardEvent, HeardFrame, RecordedCall
from stt.endpointing.replayed import Perceived
from stt.events import Final, Word
from stt.tuning import Tuning

OWN = Tuning(half_close_ms=0)
WORDS_AFTER_MS = 300


def trace(*utterances, ends_ms=20_000):
    """``(from_ms, to_ms, text)``, each with its final so long after it."""
    frames = []
    for at_ms in range(0, ends_ms, 20):
        voiced = any(from_ms <= at_ms < to_ms for from_ms, to_ms, _ in utterances)
        frames.append(HeardFrame(at_ms, at_ms + 20, Perceived(-20 if voiced else -60, voiced)))
    events = [
        HeardEvent(to_ms + WORDS_AFTER_MS, Final((Word(text, from_ms, to_ms),), to_ms + 100), to_ms + WORDS_AFTER_MS)
        for from_ms, to_ms, text in utterances
        if text
    ]
    return RecordedCall(frames, events, stopped_ms=ends_ms + 20)


def answer(number, started_ms, ended_ms, *, outcome=Outcome.PLAYED, rule="open", answers=None, text="התור נקבע"):
    times = AnswerTimes(floor_rule=rule, floor_ms=1000 if answers else None, prepared_ms=650, first_audio_ms=0)
    heard = PlayedPart(text, ended_ms - started_ms, outcome)
    return AgentTurn(number, started_ms, ended_ms, text, heard, times, answers=answers)


def changes(heard, answers, own=OWN, **settings):
    return answers_again(heard, answers, own, replace(own, **settings))


def begun(change):
    return change.begins, change.begins_by_ms


QUESTION = (1000, 2000, "כמה זה עולה")
ANSWER = answer(5001, 3000, 6000, answers=1)


def test_at_its_own_settings_nothing_changes():
    over = trace(QUESTION, (4000, 4900, "ומתי"), (7500, 7800, ""))
    stopped = replace(ANSWER, ended_ms=4260, heard=PlayedPart("", 1260, Outcome.INTERRUPTED))
    again = changes(over, [stopped, answer(5002, 5900, 7760, answers=2, outcome=Outcome.RESUMED),
                           answer(5003, 9000, 10_000, rule="resumed")])  # fmt: skip
    assert [(one.begins, one.stops, one.is_changed, one.as_stored) for one in again] == [
        (Begins.SAME, Stops.SAME, False, True),
        (Begins.SAME, Stops.SAME, False, True),
        (None, Stops.SAME, False, True),
    ]
    assert changes(over, []) == []


@pytest.mark.parametrize(("pause_ms", "is_then"), [(700, (Begins.EARLIER, -300)), (1600, (Begins.LATER, 600))])
def test_an_answer_begins_earlier_or_later(pause_ms, is_then):
    (change,) = changes(trace(QUESTION), [ANSWER], answer_pause_ms=pause_ms)
    assert (begun(change), change.is_changed) == (is_then, True)
    (other,) = changes(trace(QUESTION), [ANSWER], vad_hangover_ms=500, answer_pause_expected_ms=900)
    assert not other.is_changed


def test_a_pause_within_a_question_is_answered_into():
    two = trace((1000, 1500, "כמה"), (2200, 3000, "זה עולה"))
    (change,) = changes(two, [answer(5001, 4000, 6000, answers=2)], answer_pause_ms=500)
    assert begun(change) == (Begins.EARLY, -2000)


def test_the_caller_goes_on_before_an_answer_that_waits_longer():
    two = trace(QUESTION, (3400, 4400, "בעצם לא"))
    false_start = replace(ANSWER, ended_ms=3660, heard=PlayedPart("", 660, Outcome.INTERRUPTED))
    (change, _) = changes(two, [false_start, answer(5002, 5400, 7000, answers=2)], answer_pause_ms=2000)
    assert change.begins is Begins.WITHHELD


SPOKEN = answer(5001, 1000, 9000, rule="opening")


def stopped_at(ended_ms, outcome, next_ms, rule, answers=None):
    """The answer, stopped, and what the line said next."""
    first = replace(SPOKEN, ended_ms=ended_ms, heard=PlayedPart("", ended_ms - 1000, outcome))
    return [first, answer(5002, next_ms, next_ms + 2000, rule=rule, answers=answers)]


def test_an_interruption_is_missed():
    heard = trace((2000, 2400, "נציג בבקשה"))
    answers = stopped_at(2260, Outcome.INTERRUPTED, 3400, "open", 1)
    (change, _) = changes(heard, answers, barge_in_ms=600, stop_words=())
    assert (change.stops, change.words, change.goes_on) == (Stops.MISSED, "נציג בבקשה", False)
    (by_word, _) = changes(heard, answers, barge_in_ms=600)
    assert (by_word.stops, by_word.stops_by_ms) == (Stops.LATER, 440)
    (taken, _) = changes(heard, answers, backchannels=("נציג", "בבקשה"))
    assert (taken.stops, taken.goes_on) == (Stops.MISSED, True)


def test_an_answer_that_was_not_stopped_is():
    (change,) = changes(trace((2000, 2200, "")), [SPOKEN], barge_in_ms=100)
    assert (change.stops, change.goes_on) == (Stops.NEW, True)
    # What played on under a voice long enough may not be interrupted.
    (change,) = changes(trace((2000, 2900, "שלום")), [SPOKEN], barge_in_ms=100)
    assert (change.stops, change.as_stored) == (Stops.SAME, True)


def test_a_noise_no_longer_stops_it_or_stops_it_for_good():
    heard, answers = trace((2000, 2300, "")), stopped_at(2260, Outcome.RESUMED, 3480, "resumed")
    assert changes(heard, answers, barge_in_ms=400)[0].stops is Stops.PLAYS_ON
    assert changes(heard, answers, barge_in_resume_ms=0)[0].stops is Stops.STAYS_STOPPED
    never = replace(OWN, barge_in_resume_ms=0)
    assert changes(heard, stopped_at(2260, Outcome.INTERRUPTED, 9500, "silence"), never, barge_in_resume_ms=900)[
        0
    ].stops is Stops.RESUMES  # fmt: skip


def test_a_backchannel_that_was_answered_was_an_answer():
    heard = trace((2000, 2200, "כן"))
    answered = [SPOKEN, answer(5002, 9000, 9500, rule="expected", answers=1)]
    assert changes(heard, answered, barge_in_ms=100)[0].goes_on is False
    assert changes(heard, [SPOKEN], barge_in_ms=100)[0].goes_on is True


def test_what_the_own_settings_do_not_give_is_not_known():
    held = replace(ANSWER, started_ms=3900, times=replace(ANSWER.times, floor_ms=1900))
    (change,) = changes(trace(QUESTION), [held], answer_pause_ms=700)
    assert (change.begins, change.as_stored, change.is_changed) == (Begins.UNKNOWN, False, False)
    (gone,) = changes(trace(QUESTION), [answer(5001, 3000, 6000, answers=7)], answer_pause_ms=700)
    assert gone.begins is Begins.UNKNOWN
    (quiet, _) = changes(trace(), stopped_at(2260, Outcome.INTERRUPTED, 9500, "silence"), barge_in_ms=100)
    assert quiet.stops is Stops.UNKNOWN


def test_a_call_that_ends_interrupts_too():
    ended = replace(SPOKEN, ended_ms=5000, heard=PlayedPart("", 4000, Outcome.INTERRUPTED))
    (change,) = changes(trace(ends_ms=5000), [ended], barge_in_ms=100)
    assert change.stops is Stops.SAME
