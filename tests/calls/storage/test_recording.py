"""The call's audio on disk."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.storage.kept_files import lines_of, storage_keys
from calls.storage.recording import (
    HEADER,
    SLOT_BYTES,
    LineRecorder,
    Recorder,
    Recording,
    RecordingError,
    line_recording,
)
from calls.storage.recording_disk import RecordingDisk
from stt.audio import ULAW_SILENCE
from tests.disks import files_of_at_most
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime.file_cipher import ADDED_BYTES, HEAD


def frames(count, seed=1):
    random = Random(seed)
    return [random.randbytes(160) for _ in range(count)]


def record(path, timed):
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(path, disk)
    for at_ms, frame in timed:
        recorder.push(at_ms, frame)
    recorder.flush()
    disk.stop(10)
    return Recording(path)


def test_what_was_heard_is_what_is_kept(tmp_path):
    audio = frames(333)
    recording = record(tmp_path / "a" / "call.vrec", [(140 + 20 * i, frame) for i, frame in enumerate(audio)])
    assert recording.ulaw() == (140, b"".join(audio))
    assert recording.slots == 7


def test_a_gap_is_silence_of_its_length(tmp_path):
    first, second = frames(2)
    assert record(tmp_path / "call.vrec", [(0, first), (60, second)]).ulaw() == (0, first + b"\xff" * 320 + second)


@pytest.mark.parametrize("at_ms", [-20, 2**32, 10**15])
def test_audio_at_a_time_that_no_slot_can_say_is_kept(tmp_path, at_ms):
    (kept,) = record(tmp_path / "call.vrec", [(at_ms, frames(1)[0])]).chunks()
    assert kept == (0 if at_ms < 0 else 2**32 - 1, frames(1)[0])


def test_a_time_beyond_any_call_is_no_silence_of_weeks(tmp_path):
    first, second = frames(2)
    assert record(tmp_path / "call.vrec", [(0, first), (4_000_000_000, second)]).ulaw() == (0, first + second)


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_a_path_that_is_none_costs_no_other_call_its_audio(tmp_path, name):
    disk = RecordingDisk()
    disk.start()
    disk.put(tmp_path / name, b"x\n")
    disk.put(tmp_path / "good", b"y\n")
    disk.stop(10)
    assert list(lines_of(tmp_path / "good")) == [b"y"]


def test_a_moment_is_found_without_reading_the_file(tmp_path):
    recording = record(tmp_path / "call.vrec", [(20 * i, frame) for i, frame in enumerate(frames(500))])
    assert [at_ms for at_ms, _ in recording.chunks(7300)] == [7000, 8000, 9000]


@given(cut=st.integers(0, 3 * (SLOT_BYTES + ADDED_BYTES)))
def test_a_file_cut_at_any_place_gives_its_whole_seconds(tmp_path_factory, cut):
    encrypted = storage_keys().newest is not None
    begins, slot_bytes = len(HEADER) + HEAD.size * encrypted, SLOT_BYTES + ADDED_BYTES * encrypted
    path = tmp_path_factory.mktemp("cut") / "call.vrec"
    audio = frames(150)
    record(path, [(20 * i, frame) for i, frame in enumerate(audio)])
    path.write_bytes(path.read_bytes()[: begins + cut])
    _, ulaw = Recording(path).ulaw()
    assert ulaw == b"".join(audio)[: cut // slot_bytes * 8000]


def test_a_damaged_second_is_passed_over(tmp_path):
    path = tmp_path / "call.vrec"
    recording = record(path, [(20 * i, frame) for i, frame in enumerate(frames(150))])
    data = bytearray(path.read_bytes())
    data[len(HEADER) + SLOT_BYTES + 100] ^= 1
    path.write_bytes(data)
    assert [at_ms for at_ms, _ in recording.chunks()] == [0, 2000]


def test_another_file_is_no_recording(tmp_path):
    (tmp_path / "call.vrec").write_bytes(b"RIFF" * 10)
    with pytest.raises(RecordingError, match=r"call\.vrec"):
        Recording(tmp_path / "call.vrec")


def test_a_disk_that_takes_nothing_is_an_alarm_and_not_the_end(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    disk = RecordingDisk()
    disk.start()
    for name in ("file/x/a", "good/b"):
        recorder = Recorder(tmp_path / name, disk)
        recorder.push(0, frames(1)[0])
        recorder.flush()
    disk.stop(10)
    assert "recording_failed" in caplog.text
    assert Recording(tmp_path / "good" / "b").slots == 1


def test_a_disk_that_fills_up_keeps_whole_seconds_and_goes_on_when_it_is_freed(tmp_path, caplog):
    seconds = [b"".join(frames(50, seed)) for seed in range(5)]
    disk = RecordingDisk()
    path = tmp_path / "call.vrec"
    recorder = Recorder(path, disk)

    def play(*some):
        disk.start()
        for i in some:
            recorder.push(1000 * i, seconds[i])
        disk.stop(10)

    play(0, 1)
    with files_of_at_most(len(HEADER) + 2 * SLOT_BYTES + 5000):
        play(2, 3)
    assert caplog.text.count("recording_failed") == 1
    play(4)
    assert list(Recording(path).chunks()) == [(0, seconds[0]), (1000, seconds[1]), (4000, seconds[4])]


def record_line(path, parts):
    """What the line said beside this recording: its parts with their media times."""
    disk = RecordingDisk()
    line = LineRecorder(path, disk)
    disk.start()
    for at_ms, ulaw in parts:
        line.push(at_ms, ulaw)
    line.finish()
    disk.stop(5)


def sound(length_bytes, seed=1):
    return Random(seed).randbytes(length_bytes)


def test_what_the_line_said_stands_beside_the_stream_and_where_it_said_nothing_there_is_no_file(tmp_path):
    path = tmp_path / "call.vrec"
    record(path, [(0, frames(1)[0])])
    assert line_recording(path) is None
    record_line(path, [(3000, sound(1600))])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["call.line.vrec", "call.vrec"]
    assert line_recording(path).ulaw() == (3000, sound(1600))


@pytest.mark.parametrize("part_bytes", [1600, 1603, 400, 7, 20_001])
def test_parts_that_a_clock_has_placed_follow_each_other_whole(tmp_path, part_bytes):
    said = sound(24_000)
    parts = [said[at : at + part_bytes] for at in range(0, len(said), part_bytes)]
    jitter_ms = [0, 40, -40, 13, -300]
    record_line(
        tmp_path / "call.vrec",
        [(1000 + i * part_bytes // 8 + jitter_ms[i % 5] * (i > 0), part) for i, part in enumerate(parts)],
    )
    line = line_recording(tmp_path / "call.vrec")
    assert line.ulaw() == (1000, said)
    assert line.slots == 3


def test_the_next_answer_stands_at_its_own_time(tmp_path):
    record_line(tmp_path / "call.vrec", [(1000, sound(803)), (5000, sound(800, seed=2))])
    begins_ms, ulaw = line_recording(tmp_path / "call.vrec").ulaw()
    assert (begins_ms, ulaw[:803], ulaw[803:32_000]) == (1000, sound(803), ULAW_SILENCE * (32_000 - 803))
    assert ulaw[32_000:] == sound(800, seed=2)


def test_a_damaged_file_of_the_line_is_none(tmp_path):
    (tmp_path / "call.line.vrec").write_bytes(b"VREC")
    assert line_recording(tmp_path / "call.vrec") is None


def test_seconds_that_were_damaged_or_never_written_are_counted(tmp_path, plain_and_encrypted):  # noqa: F811
    path = tmp_path / "call.vrec"
    assert record(path, [(20 * i, frame) for i, frame in enumerate(frames(50 * 6))]).lost_slots() == 0
    data = path.read_bytes()
    slot = SLOT_BYTES + (ADDED_BYTES if plain_and_encrypted == "encrypted" else 0)
    third, second = len(data) - 3 * slot, len(data) - 2 * slot
    if plain_and_encrypted == "plain":
        # Encrypted, those behind it would not stand where they were written.
        path.write_bytes(data[:third] + data[second:])
        assert Recording(path).lost_slots() == 1
    path.write_bytes(data[:second] + bytes(100) + data[second + 100 :])
    assert Recording(path).lost_slots() == 1
    path.write_bytes(data[:-5])
    assert not Recording(path).is_whole
