"""Calls are taken out of journals, and nobody who uses these is disturbed."""

import multiprocessing

import pytest

from calls.storage.forgetting import forget_in_journals
from calls.storage.journal import Journal
from calls.storage.journal_files import journal_files
from calls.storage.records import EndChosen
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime.file_cipher import StorageError


def test_the_lines_of_a_call_are_blank_and_the_others_are_read(tmp_path):
    journal = Journal.begin(tmp_path)
    records = [EndChosen(sid, "MZ1", "שלום") for sid in ("CA1", "CA2", "CA1", "CA3")]
    journal.append(records)
    size = journal.path.stat().st_size
    assert forget_in_journals(tmp_path, {"CA1"}) == 2
    assert b"CA1" not in journal.path.read_bytes() and journal.path.stat().st_size == size
    journal.append([EndChosen("CA4", "MZ1", "stop")])
    read, at = journal.unwritten(100)
    assert [record.call_sid for record in read] == ["CA2", "CA3", "CA4"]
    assert at == journal.appended_bytes
    journal.checkpoint(at)
    journal.close()


def test_a_crashed_process_does_not_bring_a_forgotten_call_back(tmp_path):
    child = multiprocessing.get_context("spawn").Process(target=_leave_a_journal, args=(tmp_path,))
    child.start()
    child.join(30)
    assert forget_in_journals(tmp_path, {"CA1"}) == 1
    (path,) = journal_files(tmp_path)
    journal = Journal.orphaned(path)
    assert [record.call_sid for record in journal.unwritten(100)[0]] == ["CA2"]


def test_a_torn_line_and_what_is_no_record_are_left(tmp_path):
    path = tmp_path / "a.journal"
    path.write_bytes(b'no json\n{"call_sid": "CA1"}\n[1]\n{"call_sid": "CA1"')
    assert forget_in_journals(tmp_path, {"CA1"}) == 1
    assert path.read_bytes() == b"no json\n" + b" " * 19 + b'\n[1]\n{"call_sid": "CA1"'


def _leave_a_journal(folder):
    Journal.begin(folder).append([EndChosen(sid, "MZ1", "stop") for sid in ("CA1", "CA2")])


def test_a_journal_that_cannot_be_read_stops_it(tmp_path):
    """Mended later, it would bring the calls back."""
    whole = tmp_path / "a.journal"
    whole.write_bytes(b'{"kind": "TurnSaved", "call_sid": "CA1"}\n')
    before = whole.read_bytes()
    (tmp_path / "b.journal").write_bytes(b"WkVOQ\nnothing of it\n")
    with pytest.raises(StorageError, match="b.journal") as refused:
        forget_in_journals(tmp_path, {"CA1"})
    assert refused.value.code == "journal_damaged"
    assert whole.read_bytes() == before
    (tmp_path / "b.journal").write_bytes(b"          \n")
    assert forget_in_journals(tmp_path, {"CA1"}) == 1
