"""The journal: lines that outlive their process."""

import os

import pytest

from calls.storage import journal as journal_module
from calls.storage.journal import Journal, orphaned_journals
from tests.calls.storage.sample_records import RECORDS
from tests.counters import counted
from tests.disks import files_of_at_most
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime import metrics


def test_records_come_back_as_they_went(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    records, behind = journal.unwritten(10)
    assert records == RECORDS
    journal.checkpoint(behind)
    assert journal.unwritten(10) == ([], behind)
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_kind_of_record_of_a_later_version_is_counted_and_the_others_are_kept(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:2])
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"kind": "OfALaterVersion", "call_sid": "CA1"}\n')
    (journal,) = orphaned_journals(tmp_path)
    journal.append(RECORDS[2:])
    unwritable = counted(metrics.RECORDS_UNWRITABLE)
    records, behind = journal.unwritten(20)
    assert records == RECORDS
    assert counted(metrics.RECORDS_UNWRITABLE) == unwritable + 1
    journal.checkpoint(behind)
    journal.close()


def test_a_journal_of_a_running_process_is_left_alone(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    assert list(orphaned_journals(tmp_path)) == []
    journal.checkpoint(journal.appended_bytes)
    journal.close()


def test_a_journal_that_a_sibling_wrote_meanwhile_is_not_written_again(tmp_path, monkeypatch):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    journal.close()
    lock = journal_module.fcntl.flock

    def lock_too_late(file, how):
        journal.path.unlink()
        lock(file, how)

    monkeypatch.setattr(journal_module.fcntl, "flock", lock_too_late)
    assert list(orphaned_journals(tmp_path)) == []


def test_what_is_not_written_stays_for_the_next_process(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    journal.close()
    (orphan,) = orphaned_journals(tmp_path)
    assert orphan.unwritten(10)[0] == RECORDS
    orphan.checkpoint(orphan.appended_bytes)
    orphan.close()


def test_half_a_line_is_passed_over_and_the_others_stand(tmp_path, caplog):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:1])
    with journal.path.open("ab") as file:
        file.write(b'{"kind": "CallSta\n')
    journal.append([])
    journal.appended_bytes = journal.path.stat().st_size
    journal.append(RECORDS[1:])
    assert journal.unwritten(10)[0] == RECORDS
    assert "cannot be read" in caplog.text
    journal.checkpoint(journal.appended_bytes)
    journal.close()


def test_a_long_journal_that_is_all_written_is_emptied(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 10)
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    journal.truncate_if_written()
    assert journal.behind_bytes > 0
    journal.checkpoint(journal.appended_bytes)
    journal.truncate_if_written()
    assert journal.path.stat().st_size == 0
    journal.close()


def test_a_disk_that_fills_up_takes_whole_records_or_none(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:2])
    with files_of_at_most(journal.appended_bytes + 50), pytest.raises(OSError, match="File too large"):
        journal.append(RECORDS[2:])
    journal.append(RECORDS[3:])
    assert journal.unwritten(10)[0] == [*RECORDS[:2], *RECORDS[3:]]
    journal.checkpoint(journal.appended_bytes)
    journal.close()


def test_a_line_longer_than_a_chunk_is_read_and_what_follows_it(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "READ_CHUNK_BYTES", 64)
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    read = []
    while (batch := journal.unwritten(10))[1] > journal.written_bytes:
        read += batch[0]
        journal.checkpoint(batch[1])
    assert read == RECORDS
    journal.close()


def test_a_torn_last_line_is_told_and_dropped(tmp_path, caplog):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:1])
    with journal.path.open("ab") as file:
        file.write(b'{"kind": "Cal')
    journal.close()
    (orphan,) = orphaned_journals(tmp_path)
    records, behind = orphan.unwritten(10)
    assert records == RECORDS[:1]
    orphan.checkpoint(behind)
    orphan.drop_torn_line()
    orphan.close()
    assert "ends with 13 bytes of a line" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_what_is_appended_while_one_reads_is_for_the_next_time(tmp_path, monkeypatch):
    journal = Journal.begin(tmp_path)
    read = os.pread

    def read_slowly(file, length, at):
        data = read(file, length, at)
        journal.append(RECORDS)
        return data

    monkeypatch.setattr(os, "pread", read_slowly)
    assert journal.unwritten(10) == ([], 0)
    assert journal.unwritten(10)[0] == RECORDS
    monkeypatch.undo()
    journal.close()


def test_what_is_deferred_waits_behind_what_is_appended(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:2])
    journal.defer_unwritten()
    journal.append(RECORDS[2:4])
    journal.defer_unwritten()  # nothing was written between: one stretch
    journal.append(RECORDS[4:])
    records, behind = journal.unwritten(10)
    assert records == RECORDS[4:]
    journal.checkpoint(behind)
    assert journal.behind_bytes == journal.deferred_bytes > 0
    records, behind = journal.unwritten_deferred(3)
    assert records == RECORDS[:3]
    journal.checkpoint_deferred(behind)
    records, behind = journal.unwritten_deferred(3)
    assert records == RECORDS[3:4]
    journal.checkpoint_deferred(behind)
    assert (journal.behind_bytes, journal.unwritten_deferred(3)) == (0, ([], 0))
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_stretches_that_do_not_touch_are_written_oldest_first(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS[:1])
    journal.defer_unwritten()
    journal.append(RECORDS[1:2])
    journal.checkpoint(journal.appended_bytes)
    journal.append(RECORDS[2:3])
    journal.defer_unwritten()
    for expected in (RECORDS[0], RECORDS[2]):
        records, behind = journal.unwritten_deferred(10)
        assert records == [expected]
        journal.checkpoint_deferred(behind)
    assert journal.behind_bytes == 0


def test_a_long_journal_of_which_something_is_deferred_is_not_emptied(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 1)
    journal = Journal.begin(tmp_path)
    journal.append(RECORDS)
    journal.defer_unwritten()
    assert not journal.truncate_if_written()
    journal.checkpoint_deferred(journal.unwritten_deferred(10)[1])
    assert journal.truncate_if_written()
