"""From utterances to turns: the situation as it is, and what the table says of it done."""

import pytest

from calls.core.actions import AskOneShot, Note, TurnAccepted, TurnRevised
from calls.core.turns import EndReason, Source
from calls.core.utterances import Phase
from stt.events import Final, OneShotDone, RecognizerError, StreamingLost, StreamOpened, Word
from tests.calls.core.parts import Parts
from tests.sounds import silence, speech


def waiting(**tuning):
    """A call in which one utterance has ended at 1100 ms and waits until 1550."""
    parts = Parts(**tuning)
    parts.stream.changed(StreamOpened(0, 2), 0.0)
    parts.play(silence(500) + speech(600) + silence(240))
    return parts, parts.utter(500, 1100)


def test_a_decided_utterance_has_a_turn_with_its_times_and_its_engine():
    parts, utterance = waiting()
    parts.settles("שלום לך", 1400)
    assert parts.acceptance.decide_all(1400.0) == []
    turn = utterance.turn
    assert (turn.text, turn.source, turn.rule, turn.end_reason) == (
        "שלום לך",
        "final",
        "covering_final",
        EndReason.SILENCE,
    )
    assert (turn.engine, turn.model, turn.attempts) == ("engine", "model", 2)
    assert (turn.started_ms, turn.ended_ms, turn.partial_ms, turn.final_ms) == (500, 1100, 900, 300)


def test_one_that_waits_for_its_deadline_is_looked_at_then():
    parts, utterance = waiting()
    assert parts.acceptance.decide_all(1400.0) == []
    assert (utterance.phase, utterance.look_at_ms) == (Phase.WAITING, 1550)


@pytest.mark.parametrize(("end_ms", "last_ms"), [(1400, 2450), (700, 3350)])
def test_a_guess_is_given_time_to_settle_and_twice_that_where_it_does_not_cover(end_ms, last_ms):
    parts, utterance = waiting(settle_ms=900)
    parts.says("שלום", end_ms)
    for now_ms in (1550.0, 2450.0):
        if now_ms < last_ms:
            parts.acceptance.decide(utterance, now_ms)
            assert utterance.turn is None and utterance.look_at_ms in (2450, last_ms)
    assert utterance.look_at_ms == last_ms
    parts.acceptance.decide(utterance, float(last_ms))
    assert (utterance.turn.text, utterance.turn.rule) == ("שלום", "timeout")


def test_the_one_shot_recogniser_is_asked_and_waited_for():
    parts, utterance = waiting(stt_fallback_deadline_ms=4000)
    ask, note = parts.acceptance.decide_all(1550.0)
    assert (type(ask), ask.utterance, note) == (AskOneShot, 1, Note("fallback", "utterance 1"))
    assert (utterance.phase, utterance.look_at_ms) == (Phase.ASKED, 5550)
    assert parts.acceptance.decide_all(5549.0) == []
    assert parts.acceptance.decide_all(5550.0) == []
    assert (utterance.turn.source, utterance.turn.code) == (Source.NONE, "fallback_timeout")


@pytest.mark.parametrize(
    ("words", "error", "source", "code", "notes"),
    [
        (("שלום",), None, Source.FALLBACK, "", []),
        ((), None, Source.NONE, "no_words", []),
        ((), RecognizerError("no_words"), Source.NONE, "no_words", []),
        ((), RecognizerError("unavailable"), Source.NONE, "unavailable", [Note("fallback_failed", "unavailable")]),
    ],
)
def test_an_answer_makes_the_turn_that_waits_for_it(words, error, source, code, notes):
    parts, utterance = waiting()
    parts.acceptance.decide_all(1550.0)
    assert parts.acceptance.answered(OneShotDone(1, words, error), 2000.0) == notes
    assert (utterance.turn.source, utterance.turn.code) == (source, code)


def test_an_answer_without_its_utterance_is_the_last_ones():
    parts, utterance = waiting()
    parts.acceptance.decide_all(1550.0)
    assert parts.acceptance.answered(OneShotDone(None, ("שלום",)), 2000.0) == []
    assert utterance.turn.text == "שלום"


@pytest.mark.parametrize(("error", "unanswered"), [(None, False), (RecognizerError("unavailable"), True)])
def test_an_utterance_whose_stream_failed_lacks_words_unless_the_one_shot_recogniser_has_heard_it(error, unanswered):
    parts, utterance = waiting()
    parts.utterances.stream_failed()
    assert parts.acceptance.decide_all(1400.0), "it is asked for at once"
    parts.acceptance.answered(OneShotDone(1, (), error), 2000.0)
    assert utterance.unanswered is unanswered


def test_without_a_stream_nothing_is_waited_for():
    parts, _ = waiting()
    parts.stream.changed(StreamingLost(RecognizerError("unavailable")), 1400.0)
    assert parts.acceptance.decide_all(1400.0)


def test_after_the_call_an_utterance_waits_for_the_end_of_its_stream():
    parts, utterance = waiting()
    until_ms = parts.stream.drain(1400.0)
    assert parts.acceptance.decide_all(1550.0) == []
    assert utterance.look_at_ms == until_ms
    parts.stream.give_up(until_ms)
    assert [type(action) for action in parts.acceptance.decide_all(until_ms)] == [AskOneShot, Note]


def test_turns_are_handed_on_and_revised_by_late_words():
    parts, utterance = waiting()
    parts.settles("שלום", 1400)
    parts.acceptance.decide_all(1400.0)
    assert parts.acceptance.hand_on(1400.0, 1400) == [TurnAccepted(utterance.turn)]
    parts.settles("לך", 1420)
    (revised,) = parts.acceptance.revise(final=True)
    assert (type(revised), revised.old, revised.turn.heard_text) == (TurnRevised, "שלום", "שלום לך")


def test_words_where_no_speech_was_heard_are_a_turn_of_their_own():
    parts = Parts()
    parts.play(silence(6000))
    parts.stream.heard(Final((Word("הלו", 3000, 3400),), 3500), 6000.0)
    (accepted,) = parts.acceptance.hand_on_missed(6000.0)
    turn = accepted.turn
    assert (turn.text, turn.started_ms, turn.ended_ms, turn.vad_missed, turn.rule) == (
        "הלו",
        3000,
        3400,
        True,
        "unvoiced",
    )
    assert parts.acceptance.hand_on_missed(6000.0) == []
