"""Whether files of calls are encrypted, and can be decrypted, is one of the doctor's lines."""

import os

import pytest

from calls.management.doctor.finding import FindingState
from calls.management.doctor.storage import storage
from tests.calls.storage.test_kept_files import record
from tests.storage_keys import NEW, OLD, under
from voiceapp.environment import Environment


@pytest.fixture(autouse=True)
def var_dir(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_without_a_key_it_is_said_plainly():
    (finding,) = storage()
    assert finding.state is FindingState.WARNING and "plain files" in finding.detail
    assert "manage.py storage_key" in finding.advice


def test_the_key_that_encrypts_is_named_and_not_told():
    with under(NEW, OLD):
        (finding,) = storage()
    assert finding.state is FindingState.OK and NEW.name in finding.detail and NEW.text not in finding.detail


def test_a_key_that_files_need_and_nobody_has_is_a_failure(var_dir):
    with under(OLD):
        record(var_dir / "recordings" / "20261127" / "CA1-MZ1.vrec", 0)
    with under(NEW):
        _, missing = storage()
    assert (missing.state, missing.check) == (FindingState.FAILED, "storage_key_missing")
    assert f"1 file is encrypted by the key {OLD.name}" in missing.detail
    with under(NEW, OLD):
        assert len(list(storage())) == 1


def test_files_of_before_the_key_are_counted_until_they_are_under_it(var_dir):
    day = var_dir / "recordings" / "20261127"
    for number, keys in enumerate([(), (OLD,), (NEW, OLD)]):
        with under(*keys):
            record(day / f"CA{number}-MZ1.vrec", 0)
    with under(NEW, OLD):
        (finding,) = storage()
        assert (finding.state, finding.check) == (FindingState.WARNING, "storage")
        assert finding.detail == f"2 of the newest 3 files of calls are plain or under another key than {NEW.name}"
        assert "manage.py reencrypt" in finding.advice
        (day / "CA0-MZ1.vrec").unlink()
        (day / "CA1-MZ1.vrec").unlink()
        (finding,) = storage()
    assert finding.state is FindingState.OK


def test_only_the_newest_files_are_compared(var_dir, monkeypatch):
    day = var_dir / "recordings" / "20261127"
    for number, keys in enumerate([(), (NEW,)]):
        with under(*keys):
            record(day / f"CA{number}-MZ1.vrec", 0)
        os.utime(day / f"CA{number}-MZ1.vrec", (number, number))
    monkeypatch.setattr("calls.management.doctor.storage.FILES_COMPARED", 1)
    with under(NEW):
        (finding,) = storage()
    assert finding.state is FindingState.OK


def test_keys_that_cannot_be_used_are_a_failure_and_no_new_one_is_advised(settings):
    settings.STORAGE_KEYS = Environment({"STORAGE_KEYS_FILE": "/none/there"}).storage_keys()
    (finding,) = storage()
    assert (finding.state, finding.check) == (FindingState.FAILED, "storage_keys_unusable")
    assert "STORAGE_KEYS_FILE names a file that cannot be read" in finding.detail
    assert finding.advice.startswith("put back the keys that this box had")


def test_a_copy_that_a_killed_reencrypt_left_is_counted(var_dir):
    part = record(var_dir / "recordings" / "20261127" / "CA1-MZ1.vrec.abc.part", 0)
    with under(NEW):
        left, kept = storage()
        assert (left.state, left.check) == (FindingState.WARNING, "half_written_files")
        assert left.detail.startswith("1 copies of recordings, perhaps plain ones") and kept.state is FindingState.OK
        part.unlink()
        assert len(list(storage())) == 1
