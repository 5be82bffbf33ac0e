"""What a stream leaves on disk, and when it is handed on."""

import json

import pytest

from calls.core.actions import Feed
from calls.core.echo_control import EchoState
from calls.core.kept_words import Keeps
from calls.live.stream_record import StreamRecord
from calls.storage.recording import HEADER, SLOT_HEADER
from stt.audio import FRAME_BYTES, FRAME_MS
from stt.events import Interim


class Disk:
    """What each kind of file was given."""

    def __init__(self):
        self.slots, self.lines, self.finished = [], [], []

    def put(self, path, data, header=b"", unwritten=None):
        if header == HEADER:
            _, at_ms, length, _, _ = SLOT_HEADER.unpack(data[: SLOT_HEADER.size])
            self.slots.append((at_ms, length // FRAME_BYTES))
        else:
            self.lines.append(json.loads(data))

    def finish(self, path, unwritten=None):
        self.finished.append(path.name)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def record(disk):
    record = StreamRecord(disk)
    record.begin("CA1", "MZ1", 1000.0)
    return record


def feed(record, frames, from_ms=0):
    for at_ms in range(from_ms, from_ms + frames * FRAME_MS, FRAME_MS):
        record.frame(Feed(b"\xff" * FRAME_BYTES, at_ms, -60.0), 1000.0 + at_ms)


def test_each_second_is_a_slot_at_once_and_the_rest_one_at_the_end(record, disk):
    feed(record, 100)
    assert disk.slots == [(0, 50), (1000, 50)]
    feed(record, 49, from_ms=2000)
    assert len(disk.slots) == 2
    record.finish()
    assert disk.slots[2:] == [(2000, 49)]
    assert sum(len(line["levels"]) * 3 // 4 for line in disk.lines) >= 149


def test_after_a_gap_less_than_a_second_waits_for_its_slot_too(record, disk):
    feed(record, 10)
    feed(record, 40, from_ms=5000)
    assert disk.slots == [(0, 10), (5000, 40)]


def test_an_event_is_traced_with_the_audio_that_had_come_before_it(record, disk):
    feed(record, 7)
    record.event(Interim(("one",), 100), 1150.0)
    feed(record, 43, from_ms=7 * FRAME_MS)
    record.stopped(2000.0)
    event, frames, stopped = disk.lines
    assert (event["event"], event["after_ms"]) == ("Interim", 7 * FRAME_MS)
    assert frames["frames"] == 0 and stopped["event"] == "Stopped"
    assert disk.slots == [(0, 50)]


def test_whoever_keeps_a_stream_is_told_of_each_file_that_is_not_written():
    class Full(Disk):
        def put(self, path, data, header=b"", unwritten=None):
            unwritten(path.name)

        def finish(self, path, unwritten=None):
            unwritten(f"end of {path.name}")

    told = []
    record = StreamRecord(Full(), unwritten=told.append)
    record.begin("CA1", "MZ1", 1000.0)
    feed(record, 50)
    record.said(0, b"\xff" * FRAME_BYTES)
    record.finish()
    files = {f"CA1-MZ1{suffix}" for suffix in (".vrec", ".line.vrec", ".trace")}
    assert set(told) == files | {f"end of {file}" for file in files}


def test_nothing_is_kept_before_the_stream_has_started(disk):
    record = StreamRecord(disk)
    feed(record, 60)
    record.begin("CA1", "MZ1", 1000.0)
    record.finish()
    assert (disk.slots, disk.lines) == ([], [])


def test_our_own_sound_is_traced_and_its_echo_where_it_changes(record, disk):
    record.plays(1000, b"", [-20.0] * 10)
    record.cleared(1100)
    for _ in range(3):
        record.echo(1200, EchoState(-18, None, False))
    assert [next(iter(line)) for line in disk.lines] == ["plays", "cleared", "echo"]


def test_the_recording_keeps_the_line_as_it_was(tmp_path):
    class Kept(Disk):
        audio = b""

        def put(self, path, data, header=b"", unwritten=None):
            self.audio += data if header == HEADER else b""

    record = StreamRecord(disk := Kept())
    record.begin("CA1", "MZ1", 0.0)
    record.frame(Feed(b"\xff" * FRAME_BYTES, 0, -60.0, line_ulaw=b"\x11" * FRAME_BYTES), 0.0)
    record.finish()
    assert disk.audio[SLOT_HEADER.size :].startswith(b"\x11" * FRAME_BYTES)


def test_before_a_stream_is_its_calls_nothing_of_ours_is_traced(disk):
    record = StreamRecord(disk)
    record.plays(0, b"", [-20.0])
    record.cleared(0)
    record.echo(0, EchoState(-18, None, False))
    assert disk.lines == []


@pytest.mark.parametrize(
    ("keeps", "audio", "words"),
    [
        (Keeps(recordings=False), False, True),
        (Keeps(words=False), True, False),
        (Keeps(recordings=False, words=False), False, False),
    ],
)
def test_what_a_line_does_not_keep_is_never_written(disk, keeps, audio, words):
    record = StreamRecord(disk, keeps)
    record.begin("CA1", "MZ1", 1000.0)
    feed(record, 60)
    record.said(0, b"\x00" * 1600)
    record.plays(0, b"", [-20.0])
    record.cleared(20)
    record.echo(0, EchoState(6.0, None, False))
    record.event(Interim(("one",), 100), 1150.0)
    record.stopped(2200.0)
    record.finish()
    assert bool(disk.slots) is audio
    assert any("event" in line for line in disk.lines) is words
    assert bool(record.path) is (audio or words)


def test_a_trace_has_identity_numbers_masked(disk):
    record = StreamRecord(disk, Keeps())
    record.begin("CA1", "MZ1", 1000.0)
    record.event(Interim(("123456782",), 100), 1150.0)
    assert disk.lines[-1]["words"] == ["•••••••••"]


def test_the_end_finishes_the_files_that_were_begun_and_no_others(record, disk):
    feed(record, 10)
    record.finish()
    assert disk.finished == ["CA1-MZ1.trace", "CA1-MZ1.vrec"]
    record.said(0, b"\x11" * FRAME_BYTES)
    record.finish()
    assert disk.finished[-1] == "CA1-MZ1.line.vrec"
