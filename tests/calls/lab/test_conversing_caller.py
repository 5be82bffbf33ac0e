"""A load's caller who is answered: its messages are numbered as they leave, marks go back when they were reached."""

import base64
import json
from dataclasses import replace

from websockets.protocol import Protocol, Side

from calls.core.messages import clear_message, mark_message, media_message
from calls.lab import conversing_caller
from calls.lab.call_report import Line
from calls.lab.conversing_caller import ConversingCaller
from calls.lab.load import Load
from stt.audio import BYTES_PER_MS
from stt.emulator.recordings import Library
from tests.paths import SAMPLES

LINE = Line("http://127.0.0.1:1", "https://voice.example.org", "token")


class Clock:
    """Where the caller reads the time."""

    now_s = 1000.0

    def monotonic(self):
        return self.now_s


def caller_of(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(conversing_caller, "time", clock)
    kinds = {1: (ConversingCaller, replace(LINE, to_number="+97230000001"))}
    load = Load(LINE, Library([SAMPLES]).recordings, calls=2, seconds=8.0, seed=1, kinds=kinds)
    listening, caller = load.callers
    assert not isinstance(listening, ConversingCaller)
    assert (listening.call.line.to_number, caller.call.line.to_number) == (LINE.to_number, "+97230000001")
    assert caller.frames == listening.frames == 401
    return caller, clock


def read(data):
    protocol = Protocol(Side.SERVER)
    protocol.receive_data(data)
    return [json.loads(event.data) for event in protocol.events_received()]


def sent_in(caller, clock, frames):
    messages = []
    for _ in range(frames):
        messages += read(caller.next_message())
        clock.now_s += 0.02
    return messages


def heard(caller, text):
    caller.heard(text(caller.report.streams[0]))


def test_a_mark_goes_back_when_its_sound_was_played_and_counts_as_a_message(monkeypatch):
    caller, clock = caller_of(monkeypatch)
    first = sent_in(caller, clock, 3)
    assert [message["sequenceNumber"] for message in first] == ["2", "3", "4"]
    assert len(base64.b64decode(first[0]["media"]["payload"])) == 160
    answered_s = clock.now_s
    heard(caller, lambda sid: media_message(sid, bytes(90 * BYTES_PER_MS)))
    heard(caller, lambda sid: mark_message(sid, "a1.1.1"))
    messages = sent_in(caller, clock, 8)
    assert [message["event"] for message in messages] == ["media"] * 5 + ["mark"] + ["media"] * 3
    assert [int(message["sequenceNumber"]) for message in messages] == list(range(5, 14))
    assert messages[5]["mark"] == {"name": "a1.1.1"}
    assert caller.heard_s == {1: answered_s}
    assert caller.report.faults == []


def test_an_answers_first_sound_is_the_one_behind_the_last_answers_mark(monkeypatch):
    caller, clock = caller_of(monkeypatch)
    for answer in (1, 2):
        for mark in (1, 2):
            clock.now_s += 1
            heard(caller, lambda sid: media_message(sid, bytes(800)))
            clock.now_s += 1
            heard(caller, lambda sid, name=f"a{answer}.1.{mark}": mark_message(sid, name))
    assert caller.heard_s == {1: 1001.0, 2: 1005.0}


def test_what_twilio_would_complain_of_is_kept(monkeypatch):
    caller, _ = caller_of(monkeypatch)
    heard(caller, lambda sid: "no json")
    assert [fault.reason for fault in caller.report.faults] == ["no JSON"]


def test_its_last_message_is_the_stop(monkeypatch):
    caller, clock = caller_of(monkeypatch)
    *_, stop = sent_in(caller, clock, caller.frames)
    assert (stop["event"], stop["sequenceNumber"]) == ("stop", str(2 + 400))


def test_a_clear_is_noted_and_marks_behind_it_of_the_same_answer_are_counted(monkeypatch):
    caller, clock = caller_of(monkeypatch)
    heard(caller, lambda sid: media_message(sid, bytes(8000)))
    heard(caller, lambda sid: mark_message(sid, "a1.1.1"))
    clock.now_s += 1
    heard(caller, clear_message)
    heard(caller, lambda sid: mark_message(sid, "a2.1.1"))
    assert (caller.clears_s, caller.marks_behind_clear) == ([1001.0], 0)
    heard(caller, lambda sid: mark_message(sid, "a1.1.2"))
    assert caller.marks_behind_clear == 1
