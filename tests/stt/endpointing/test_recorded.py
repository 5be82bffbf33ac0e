"""A recording's utterances are those that a call would have had."""

from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.recorded import utterances_in
from tests.sounds import silence, speech


def utterances(frames, begins_ms=0):
    return list(utterances_in(frames, Endpointer(EndpointOptions(hangover_ms=220)), begins_ms))


def test_each_end_comes_with_the_time_at_which_it_was_told():
    ((ended, told_ms),) = utterances(silence(1000) + speech(600) + silence(600))
    assert abs(ended.start_ms - 1000) <= 60
    assert told_ms - ended.end_ms == 220


def test_an_utterance_that_the_recording_cuts_off_ends_with_it():
    ((ended, told_ms),) = utterances(silence(1000) + speech(600))
    assert (told_ms, told_ms - ended.end_ms < 60) == (1600, True)


def test_a_recording_that_begins_later_has_the_same_utterances_later():
    frames = silence(400) + speech(600) + silence(600)
    ((first, told_ms),) = utterances(frames)
    ((later, later_told_ms),) = utterances(iter(frames), begins_ms=5000)
    assert (later.start_ms - first.start_ms, later.end_ms - first.end_ms, later_told_ms - told_ms) == (5000,) * 3
    assert later.voiced_ms == first.voiced_ms


def test_nothing_is_said_in_silence():
    assert utterances(silence(2000)) == []
    assert utterances([]) == []
