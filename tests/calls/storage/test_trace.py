"""What a call's ear perceived, kept beside its recording."""

from typing import get_args

from calls.core.actions import Feed
from calls.core.echo_control import EchoState
from calls.storage.recording_disk import RecordingDisk
from calls.storage.trace import RecognitionTrace, read_trace
from stt.events import (
    EVENT_OF,
    Final,
    Interim,
    OneShotDone,
    RecognizerError,
    RecognizerEvent,
    StreamClosed,
    StreamOpened,
    Word,
)
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture


def test_frames_and_events_come_back_in_order(tmp_path):
    disk = RecordingDisk()
    disk.start()
    trace = RecognitionTrace(tmp_path / "call.trace", disk, began_ms=1000.0)
    for i in range(60):
        level_dbfs = -40.4 if i < 30 else -200.0
        trace.frame(Feed(b"", 20 * i, level_dbfs, i < 30, i == 1), 1010.0 + 20.4 * i)
    for event in (
        StreamOpened(0, 1),
        Interim(("שלום",), 600),
        Final((Word("שלום", 0, 500),), 700),
        OneShotDone(1, (), RecognizerError("unavailable")),
        StreamClosed(0),
    ):
        trace.event(event, 2500.0)
    trace.stopped(2600.0)
    trace.frame(Feed(b"", 1200), 3000.0)
    trace.flush()
    disk.stop(10)
    lines = list(read_trace(tmp_path / "call.trace"))
    assert [line.get("event", "frames") for line in lines] == [
        "frames", "StreamOpened", "Interim", "Final", "OneShotDone", "StreamClosed", "Stopped", "frames",
        "frames",
    ]  # fmt: skip
    assert (lines[0]["frames"], lines[0]["dbfs"][0], lines[0]["voiced"][29:31]) == (0, -40, [True, False])
    assert (lines[0]["arrived_ms"][:4], lines[0]["arrived_ms"][49]) == ([10, 30, 51, 71], 1010)
    assert lines[0]["unvoiced"][:3] == [False, True, False]
    assert (lines[-2]["arrived_ms"][0], lines[-1]["arrived_ms"]) == (1030, [2000])  # a long gap begins a new line
    assert lines[2] | {} == {
        "event": "Interim", "now_ms": 1500, "after_ms": 1200, "words": ["שלום"], "end_ms": 600, "stability": 0.0,
        "stream": 0,
    }  # fmt: skip
    assert lines[4]["error"] == "unavailable"


def test_our_own_sound_and_its_echo_are_kept_beside_the_frames(tmp_path):
    disk = RecordingDisk()
    disk.start()
    trace = RecognitionTrace(tmp_path / "call.trace", disk, began_ms=0.0)
    trace.plays(1000, [-20.4, -96.0, -200.0])
    trace.cleared(1020)
    for state in (EchoState(-18, None, False), EchoState(-18, None, False), EchoState(-15, -21, True)):
        trace.echo(1100, state)
    trace.frame(Feed(b"", 1200, -40.0, voiced=False, echoed=True), 1200.0)
    trace.flush()
    disk.stop(10)
    plays, cleared, unknown, known, frames = read_trace(tmp_path / "call.trace")
    assert plays == {"plays": 1000, "dbfs": [-20, -96, -127]}
    assert cleared == {"cleared": 1020}
    assert unknown == {"echo": 1100, "margin_db": -18, "echo_db": None, "cancels": False}
    assert known == {"echo": 1100, "margin_db": -15, "echo_db": -21, "cancels": True}
    assert (frames["voiced"], frames["unvoiced"], frames["echoed"]) == ([False], [False], [True])


def test_half_a_line_is_passed_over(tmp_path):
    path = tmp_path / "call.trace"
    path.write_text('{"event": "StreamOpened", "now_ms": 1}\n{"event": "Int')
    assert len(list(read_trace(path))) == 1


def test_every_event_has_a_kind_that_traces_are_written_with():
    assert set(get_args(RecognizerEvent)) == set(EVENT_OF.values())
    # To the letter: traces of other versions are read.
    assert sorted(EVENT_OF) == [
        "EngineChanged",
        "Final",
        "Interim",
        "OneShotDone",
        "StreamClosed",
        "StreamOpened",
        "StreamRenewed",
        "StreamingLost",
    ]
