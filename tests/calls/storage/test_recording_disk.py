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
    disk.put(tmp_path / "a", b"3\n")
    disk.finish(tmp_path / "a")
    assert counted(metrics.RECORDING_DROPPED) == before + 2
    disk.start()
    disk.stop(10)
    assert (tmp_path / "a").read_bytes() == b"1\n2\n"
