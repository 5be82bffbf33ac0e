"""From utterances to turns: the situation as it is, and what the table says of it done."""

import pytest

from calls.core.actions import AskOneShot, Note, TurnAccepted, TurnRevised
from calls.core.turns import EndReason, Source
from calls.core.utterances import Phase
from stt.engines.result_gaps import FACTOR, LEAST_MS, MIN_KEPT, ResultGaps
from stt.events import (
    Final,
    OneShotDone,
    RecognizerError,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
    Word,
)
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


# An engine that is silent for suspiciously long


def suspected(gap_ms=600.0, **tuning):
    """As ``waiting``, of an engine that is suspect after 900 ms: at 1400 ms of the utterance that began at 500."""
    gaps = ResultGaps()
    for _ in range(MIN_KEPT):
        gaps.add(gap_ms)
    return waiting(gaps=gaps, **tuning)


def test_one_whose_engine_is_suspect_is_hedged_and_waits_for_its_stream_all_the_same():
    parts, utterance = suspected()
    assert parts.acceptance.decide_all(1320.0) == []
    assert utterance.look_at_ms == 1400
    ask, note = parts.acceptance.decide_all(1400.0)
    assert (type(ask), ask.utterance, ask.avoids) == (AskOneShot, 1, "engine")
    assert note == Note("hedged", "utterance 1, 300 ms after its end")
    assert (utterance.phase, utterance.look_at_ms) == (Phase.WAITING, 1550)
    assert parts.acceptance.decide_all(1410.0) == []  # once
    parts.settles("שלום לך", 1450)
    parts.acceptance.decide_all(1450.0)
    assert (utterance.turn.source, utterance.turn.text) == (Source.FINAL, "שלום לך")


def test_the_hedges_words_are_the_turns_when_they_come_first():
    parts, utterance = suspected()
    parts.acceptance.decide_all(1400.0)
    parts.acceptance.answered(OneShotDone(1, ("שלום",), engine="other"), 1500.0)
    assert (utterance.turn.source, utterance.turn.text, utterance.turn.engine) == (Source.FALLBACK, "שלום", "other")


def test_a_hedge_that_answers_later_is_the_request_that_the_time_out_would_have_made():
    parts, utterance = suspected(stt_fallback_deadline_ms=4000)
    parts.acceptance.decide_all(1400.0)
    assert parts.acceptance.decide_all(1550.0) == []
    assert (utterance.phase, utterance.look_at_ms) == (Phase.ASKED, 5400)
    parts.acceptance.answered(OneShotDone(1, ("שלום",)), 1700.0)
    assert utterance.turn.text == "שלום"


@pytest.mark.parametrize(
    ("error", "code"), [(None, "no_words"), (RecognizerError("unavailable"), "unavailable")], ids=["empty", "failed"]
)
def test_a_hedge_without_words_is_no_answer_before_the_time_out_and_the_only_request(error, code):
    parts, utterance = suspected()
    parts.acceptance.decide_all(1400.0)
    assert parts.acceptance.answered(OneShotDone(1, (), error), 1500.0) == []
    assert utterance.turn is None
    assert parts.acceptance.decide_all(1550.0) == []
    assert (utterance.turn.source, utterance.turn.code) == (Source.NONE, code)


def test_a_guess_that_does_not_reach_the_end_is_hedged_and_one_that_covers_it_is_not():
    parts, utterance = suspected()
    parts.says("שלום", 700)  # 840 ms after the utterance began
    assert parts.acceptance.decide_all(1550.0) == []
    ask, _ = parts.acceptance.decide_all(parts.at_ms + FACTOR * 840)
    assert ask.utterance == 1
    parts, utterance = suspected()
    parts.says("שלום", 1200)
    assert parts.acceptance.decide_all(parts.at_ms + FACTOR * 840) == []


def half_closed(*last_words_ms):
    """As ``waiting``, of an utterance whose stream was half-closed for its final, with a guess that lacks its end."""
    gaps = ResultGaps()
    for after_ms in last_words_ms:
        gaps.last_words.add(after_ms)
    parts = Parts(gaps=gaps)
    parts.stream.changed(StreamOpened(0, 2), 0.0)
    parts.play(silence(500) + speech(600))
    parts.says("שלום", 700)
    parts.stream.changed(StreamRenewed(0, 1220), 1220.0)
    return parts, parts.utter(500, 1100)


def test_one_whose_last_word_is_overdue_is_hedged_by_another_engine():
    parts, utterance = half_closed()
    assert parts.acceptance.decide_all(1690.0) == []
    assert utterance.look_at_ms == 1220 + LEAST_MS
    ask, note = parts.acceptance.decide_all(1820.0)
    assert (ask.utterance, ask.avoids, note.code) == (1, "engine", "hedged")


def test_one_whose_last_word_is_as_late_as_usual_is_not():
    parts, utterance = half_closed(*[900.0] * MIN_KEPT)
    assert parts.acceptance.decide_all(1220 + FACTOR * 900 - 1) == []
    parts.settles("שלום לך", 2100)
    parts.acceptance.decide_all(2100.0)
    assert (utterance.turn.source, utterance.turn.text) == (Source.FINAL, "שלום לך")


@pytest.mark.parametrize(("usual_ms", "avoids"), [(300.0, "engine"), (900.0, "")])
def test_where_a_last_word_is_late_another_engine_is_asked_first_of_what_follows_too(usual_ms, avoids):
    parts, _ = half_closed(*[usual_ms] * MIN_KEPT)
    later = parts.utter(1300, 1550)
    ask, note = parts.acceptance.decide(later, 2000.0)
    assert (ask.avoids, note.code) == (avoids, "hedged" if avoids else "fallback")


def test_the_engine_of_a_stream_that_ended_without_a_word_is_asked_in_its_turn():
    parts, utterance = half_closed()
    parts.stream.changed(StreamClosed(0), 1400.0)
    ask, note = parts.acceptance.decide(utterance, 1550.0)
    assert (ask.avoids, note.code) == ("", "fallback")


def test_a_call_that_has_ended_and_an_engine_of_which_little_is_known_are_not_hedged():
    parts, _ = waiting(gaps=ResultGaps())
    assert parts.acceptance.decide_all(1540.0) == []
    parts, _ = suspected()
    parts.stream.drain(1330.0)
    assert parts.acceptance.decide_all(1500.0) == []


def test_an_engine_whose_stream_failed_in_silence_is_asked_last():
    parts, utterance = suspected()
    utterance.needs_one_shot = True
    ask, note = parts.acceptance.decide_all(1400.0)
    assert (ask.avoids, note.code) == ("engine", "fallback")
