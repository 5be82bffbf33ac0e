"""What the one-shot recogniser answers when a call is replayed."""

from calls.whatif.one_shot_answers import ASSUMED_ANSWER_MS, Ask, LikeAnswers, RecordedAnswers
from calls.whatif.recorded_call import HeardEvent, RecordedCall
from stt.events import Final, OneShotDone, RecognizerError, Word

ASKED = Ask(1000, 2000, 2500, 2900, ("כן",))


def test_like_requests_overlap():
    ask = Ask(1000, 2000, 0, 0, ())
    assert ask.likeness(1000, 2000) == 1
    assert ask.likeness(1100, 2000) == 0.9
    assert ask.likeness(3000, 4000) == 0


def test_an_utterance_gets_its_own_recorded_answers_in_order():
    calls = [HeardEvent(900, OneShotDone(1, ("א",))), HeardEvent(1900, OneShotDone(1, ("ב",)))]
    answers = RecordedAnswers(RecordedCall(events=calls))
    first, second = (answers.to(1, 0, 500, 600), answers.to(1, 0, 500, 2000))
    assert (first.words, first.answered_ms) == (("א",), 900)
    assert (second.words, second.answered_ms) == (("ב",), 2000)  # never before it is asked
    assert answers.to(1, 0, 500, 3000) is None
    assert answers.to(2, 0, 500, 600) is None


def test_a_request_like_another_gets_its_answer_as_late_as_it_was():
    answer = LikeAnswers(RecordedCall(), [ASKED]).to(7, 1050, 2000, 5000)
    assert (answer.words, answer.answered_ms, answer.is_guess) == (("כן",), 5400, False)


def test_an_error_is_answered_again():
    error = RecognizerError("unavailable")
    failed = Ask(1000, 2000, 2500, 2900, (), error)
    assert LikeAnswers(RecordedCall(), [failed]).to(7, 1000, 2000, 5000).error is error


def test_a_request_like_no_other_is_guessed_from_what_finals_say_of_its_time():
    final = Final((Word("לפני", 100, 400), Word("בתוך", 1100, 1500), Word("בלי"), Word("אחרי", 2100, 2500)), 2600)
    call = RecordedCall(events=[HeardEvent(9000, final)])
    alone, beside = LikeAnswers(call, []), LikeAnswers(call, [Ask(8000, 9000, 100, 700, ())])
    answer = alone.to(7, 1000, 2000, 5000)
    assert (answer.words, answer.answered_ms, answer.is_guess) == (("בתוך",), 5000 + ASSUMED_ANSWER_MS, True)
    assert beside.to(7, 1000, 2000, 5000).answered_ms == 5600
