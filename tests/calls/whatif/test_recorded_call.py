"""A trace is read into a RecordedCall."""

from dataclasses import replace

import pytest

from calls.whatif.recorded_call import Audio, HeardEvent, PlayedSound, heard_of
from stt.events import Final, OneShotDone, RecognizerError, StreamClosed, StreamingLost, Word

FRAMES = {"frames": 100, "arrived_ms": [7, 29], "voiced": [True, False], "dbfs": [-30, -60]}


def test_an_older_trace_without_times_of_frames_is_taken_to_have_come_evenly():
    lines = [{"frames": 100, "voiced": [True, False], "dbfs": [-30, -60]}, {"event": "StreamOpened", "now_ms": 5}]
    lines[1] |= {"stream": 0, "attempt": 1}
    trace = heard_of(lines)
    assert ([f.arrived_ms for f in trace.frames], trace.stopped_ms, trace.timed) == ([0, 20], 20, False)


def test_within_a_millisecond_the_trace_says_what_came_first():
    event = HeardEvent(500, StreamClosed(0), after_ms=100)
    assert [event.precedes(ms, 100) for ms in (499, 500, 501)] == [False, True, True]
    assert not event.precedes(500, 80)
    assert not replace(event, after_ms=None).precedes(500, 100)


def test_frames_have_their_media_time_and_their_arrival():
    trace = heard_of([FRAMES, {"event": "Stopped", "now_ms": 55}])
    assert [(f.at_ms, f.arrived_ms, f.perceived.voiced) for f in trace.frames] == [(100, 7, True), (120, 29, False)]
    assert (trace.stopped_ms, trace.timed) == (55, True)


def test_events_are_those_of_the_recogniser():
    final = {"event": "Final", "now_ms": 900, "after_ms": 880, "end_ms": 800}
    final["words"] = [{"text": "כן", "start_ms": 100, "end_ms": 300}]
    lost = {"event": "StreamingLost", "now_ms": 950, "error": "unavailable"}
    done = {"event": "OneShotDone", "now_ms": 990, "utterance": 3, "words": ["לא"]}
    events = heard_of([final, lost, done]).events
    assert events[0] == HeardEvent(900, Final((Word("כן", 100, 300),), 800), after_ms=880)
    assert isinstance(events[1].event, StreamingLost)
    assert isinstance(events[1].event.error, RecognizerError)
    assert events[1].event.error.code == "unavailable"
    assert events[2].event == OneShotDone(3, ("לא",))


def test_a_line_that_is_no_traces_is_refused():
    with pytest.raises(KeyError):
        heard_of([{"event": "Weather", "now_ms": 1}])
    with pytest.raises(ValueError, match="zip"):
        heard_of([{**FRAMES, "dbfs": [-30]}])


def test_a_frame_outside_of_a_recording_is_silence():
    audio = Audio(1000, bytes(160) + bytes([1]) * 160)
    assert audio.frame(1020) == bytes([1]) * 160
    assert audio.frame(1040) == b"\xff" * 160


def test_our_own_sound_is_what_was_played_of_it():
    lines = [{"plays": at_ms, "dbfs": [-20, -21, -22]} for at_ms in (1000, 1060, 1120)]
    echo = {"echo": 1100, "margin_db": -15, "echo_db": -21, "cancels": True}
    heard = heard_of([*lines, {"cleared": 1090}, echo, {**FRAMES, "echoed": [False, True]}])
    assert heard.cancels_from_ms == 1100
    assert heard.plays == [PlayedSound(1000, (-20, -21, -22)), PlayedSound(1060, (-20, -21))]
    assert [frame.perceived.echoed for frame in heard.frames] == [False, True]
