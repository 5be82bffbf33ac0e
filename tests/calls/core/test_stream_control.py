"""The call's stream: renewals and half-closes, what it has left unheard, and its end."""

import math

import pytest

from calls.core.actions import Note, PauseStream, RenewStream, ResumeStream
from calls.core.decision import StreamOutlook
from calls.core.hastening import NoOtherRequests
from calls.core.hearing_engines import EngineTerms, HeardBy
from calls.core.session import CallSession
from calls.core.status import RecognizerActivity
from calls.core.stream_control import DRAIN_STREAM_MS, REPLAY_MS, SPOKEN_OVER_MS
from calls.core.stream_policy import StreamCommand
from stt.engines.result_gaps import LEAST_MS, MIN_KEPT, ResultGaps
from stt.events import (
    RENEWAL_TIMEOUT,
    EngineChanged,
    RecognizerError,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
)
from stt.tuning import Tuning
from tests.calls.core.parts import Parts
from tests.sounds import silence, speech

FAILED = RecognizerError("unavailable")


def spoken():
    """A call in which the caller has spoken from 1000 to 1600 ms."""
    parts = Parts()
    parts.stream.changed(StreamOpened(0, 2), 0.0)
    parts.play(silence(1000) + speech(600) + silence(140))
    return parts


def test_the_attempts_that_a_stream_needed_are_what_turns_say_of_it():
    assert spoken().stream.engines.now.attempts == 2


def test_a_half_close_asks_for_the_final_and_the_next_stream_begins_where_the_voice_ended():
    parts = spoken()
    ended_ms = parts.audio.endpointer.last_voiced_end_ms
    assert parts.stream.apply_command(StreamCommand.HALF_CLOSE, 1720) == [PauseStream(1740)]
    (resume,) = parts.stream.apply_command(StreamCommand.NEXT, 1800)
    assert (resume.frames[0][0], resume.at_ms) == (ended_ms, None)
    assert parts.counted == {"half_closed": 1, "half_close_held": 1}


def test_a_caller_who_speaks_on_moves_the_border_before_the_silence():
    parts = spoken()
    ended_ms = parts.audio.endpointer.last_voiced_end_ms
    assert parts.stream.apply_command(StreamCommand.HALF_CLOSE, 1720)
    (resume,) = parts.stream.apply_command(StreamCommand.SPOKEN_OVER, 1740)
    assert resume.at_ms == ended_ms - SPOKEN_OVER_MS
    assert 0 <= resume.frames[0][0] - (resume.at_ms - REPLAY_MS) < 20


def test_without_word_times_the_next_stream_hears_nothing_from_before_the_one_that_was_half_closed():
    """That one's words would stand in the middle of its own, where nothing shows that they are the same."""
    parts = spoken()
    parts.stream.changed(StreamOpened(1, 1, fed_from_ms=1300), 1700.0)
    parts.ledger.tell_times = False
    parts.stream.apply_command(StreamCommand.HALF_CLOSE, 1720)
    (resume,) = parts.stream.apply_command(StreamCommand.SPOKEN_OVER, 1740)
    assert resume.frames[0][0] == 1300 > resume.at_ms - REPLAY_MS


def test_words_are_expected_with_times_where_the_engine_that_hears_can_tell_them():
    terms = {
        name: EngineTerms(Tuning(), NoOtherRequests(), word_times=tells)
        for name, tells in (("one", False), ("two", True))
    }
    session = CallSession("CA1", Tuning(), heard_by=HeardBy("one"), engines=terms)
    assert not session._ledger.tell_times
    session.heard(EngineChanged(1, "two", "", "one", "unavailable"), 0.0)
    assert session._ledger.tell_times


def test_a_pause_and_the_speech_after_it_are_noted():
    parts = spoken()
    assert parts.stream.apply_command(StreamCommand.PAUSE, 1720) == [PauseStream(1720), Note("stream_paused")]
    resume, note = parts.stream.apply_command(StreamCommand.RESUME, 1720)
    assert (type(resume), resume.frames[0][0], note) == (ResumeStream, 1720 - REPLAY_MS, Note("stream_resumed"))


def test_an_old_stream_is_cut_at_the_quietest_frame_and_replayed():
    parts = spoken()
    parts.play(speech(1500) + [b"\xff" * 160] + speech(260))
    renew, note = parts.stream.apply_command(StreamCommand.RENEW_OLD, 3500)
    assert (type(renew), note) == (RenewStream, Note("stream_old"))
    assert (renew.at_ms, renew.frames[0][0]) == (3260, 3260 - REPLAY_MS)


def test_a_deaf_stream_has_heard_nothing_of_what_waits():
    parts = spoken()
    utterance = parts.utter(1000, 1600)
    assert parts.stream.apply_command(StreamCommand.RENEW_OLD, 1720)
    assert not utterance.needs_one_shot
    assert parts.stream.apply_command(StreamCommand.RENEW_DEAF, 1720)
    assert utterance.needs_one_shot


def test_a_stream_that_fails_is_noted_and_leaves_what_waits():
    parts = spoken()
    utterance = parts.utter(1000, 1600)
    assert parts.stream.changed(StreamClosed(0, FAILED), 1740.0) == [Note("unavailable", "stream 0")]
    assert utterance.needs_one_shot and parts.stream.is_open
    assert parts.coverage.misses_beginning(1740)


def test_a_half_closed_stream_that_ends_well_has_heard_all_before_its_border():
    parts = spoken()
    utterance = parts.utter(1000, 1600)
    parts.stream.changed(StreamRenewed(0, 1700), 1740.0)
    assert parts.stream.outlook(1600, covered=False) is StreamOutlook.ENDING
    assert parts.stream.changed(StreamClosed(0), 1900.0) == []
    assert parts.stream.outlook(1600, covered=True) is StreamOutlook.HEARD_OUT
    assert not utterance.needs_one_shot


def test_one_that_fails_leaves_what_it_has_not_covered():
    parts = spoken()
    utterance = parts.utter(1000, 1600)
    parts.stream.changed(StreamRenewed(0, 1700), 1740.0)
    parts.stream.changed(StreamClosed(0, FAILED), 1900.0)
    assert utterance.needs_one_shot


@pytest.mark.parametrize(("code", "at_ms"), [(RENEWAL_TIMEOUT, 5000.0), ("unavailable", math.inf)])
def test_the_engine_of_one_that_never_says_its_last_word_is_suspect_at_once(code, at_ms):
    parts = Parts(gaps=ResultGaps())
    parts.stream.changed(StreamOpened(0, 1), 0.0)
    parts.stream.changed(StreamRenewed(0, 1700), 1740.0)
    parts.stream.changed(StreamClosed(0, RecognizerError(code)), 3740.0)
    assert parts.stream.engines.suspect_at_ms(5000.0, math.inf, 0) == at_ms


def test_how_soon_last_words_come_is_remembered_from_the_half_close_of_streams_that_end_well():
    parts = Parts(gaps=ResultGaps())
    for stream in range(2 * MIN_KEPT):
        error = RecognizerError(RENEWAL_TIMEOUT) if stream % 2 else None
        parts.stream.changed(StreamRenewed(stream, 1700), 1740.0)
        parts.stream.changed(StreamRenewed(stream, 1500), 1900.0)  # its border has moved
        assert parts.stream.owed_since_ms == 1740
        parts.stream.changed(StreamClosed(stream, error), 3740.0 if error else 2040.0)
    assert parts.stream.owed_since_ms == math.inf
    assert (parts.stream.engines.late_ms, parts.stream.engines.overdue_ms) == (300, LEAST_MS)


def test_one_that_ends_without_its_final_leaves_what_it_has_only_guessed():
    parts = spoken()
    utterance = parts.utter(1000, 1600)
    parts.says("שלום", 1650)
    parts.stream.changed(StreamRenewed(0, 1700), 1740.0)
    parts.stream.changed(StreamClosed(0), 1900.0)
    assert utterance.needs_one_shot


def test_while_no_stream_can_be_opened_nothing_more_is_said_of_an_utterance():
    parts = spoken()
    assert parts.stream.changed(StreamingLost(FAILED), 1740.0) == [Note("streaming_lost", "unavailable")]
    assert parts.stream.outlook(1600, covered=False) is StreamOutlook.GONE
    assert parts.stream.activity is RecognizerActivity.DOWN
    assert parts.stream.changed(StreamOpened(1, 1), 9000.0) == [Note("streaming_back")]
    assert parts.stream.activity is RecognizerActivity.STREAM


def test_without_streaming_the_one_shot_recogniser_hears_the_call():
    stream = Parts(streaming=False).stream
    assert (stream.activity, stream.is_open) == (RecognizerActivity.ONE_SHOT, False)


def test_after_the_call_the_stream_is_read_to_its_end():
    parts = spoken()
    assert parts.stream.next_deadline_ms() is None
    assert parts.stream.drain(2000.0) == 2000.0 + DRAIN_STREAM_MS
    assert parts.stream.next_deadline_ms() == 2000.0 + DRAIN_STREAM_MS
    parts.stream.changed(StreamClosed(0), 2200.0)
    assert (parts.stream.is_open, parts.stream.next_deadline_ms()) == (False, None)


@pytest.mark.parametrize(("after_ms", "read"), [(DRAIN_STREAM_MS - 1, True), (DRAIN_STREAM_MS, False)])
def test_a_stream_that_does_not_end_is_given_up(after_ms, read):
    parts = spoken()
    until_ms = parts.stream.drain(2000.0)
    parts.stream.give_up(until_ms - DRAIN_STREAM_MS + after_ms)
    assert parts.stream.is_open is read
