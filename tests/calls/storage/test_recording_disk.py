"""The thread that writes recordings and traces: what waits for it is bounded."""

from calls.storage import recording_disk
from calls.storage.recording_disk import RecordingDisk
from tests.counters import counted
from voiceapp.runtime import metrics


def test_a_disk_that_is_behind_takes_no_more_of_any_kind_and_it_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_disk, "MAX_WAITING_SLOTS", 2)
    disk, before = RecordingDisk(), counted(metrics.RECORDING_DROPPED)
    disk.put(tmp_path / "a", b"1\n")
    disk.put(tmp_path / "a", b"2\n")
    told = []
    disk.put(tmp_path / "a", b"3\n", unwritten=told.append)
    disk.finish(tmp_path / "a", told.append)
    assert told == ["disk_behind"] * 2
    assert counted(metrics.RECORDING_DROPPED) == before + 2
    disk.start()
    disk.stop(10)
    assert (tmp_path / "a").read_bytes() == b"1\n2\n"


def test_who_gave_what_the_disk_does_not_take_is_told_why_and_nobody_else(tmp_path):
    disk, told = RecordingDisk(), []
    (tmp_path / "file").touch()
    disk.put(tmp_path / "file" / "a", b"1\n", unwritten=told.append)
    disk.put(tmp_path / "\0", b"1\n", unwritten=told.append)
    disk.put(tmp_path / "b", b"1\n", unwritten=lambda why: told.append(f"b: {why}"))
    disk.start()
    disk.stop(10)
    assert told == ["Not a directory", "ValueError"] or told == ["File exists", "ValueError"]
