"""Calls are found in journals by who called."""

import pytest
from django.utils import timezone

from calls.storage.journal import Journal
from calls.storage.journal_search import search_journals
from calls.storage.records import CallEnded, CallStarted, EndChosen
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime.file_cipher import StorageError

A, B = "+972507654321", "+972527654321"


def start(sid, number, stream="MZ1"):
    return CallStarted(sid, f"{sid}-{stream}", timezone.now(), number)


def end(sid, stream="MZ1"):
    return CallEnded(sid, f"{sid}-{stream}", timezone.now(), "stop", 1, 0, 0)


def found_of(folder, number):
    return search_journals(folder, lambda address: address == number)


def test_a_callers_calls_are_found_by_their_starts(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append([start("CA1", A), EndChosen("CA1", "CA1-MZ1", "stop"), end("CA1"), start("CA2", B), end("CA2")])
    found = found_of(tmp_path, A)
    assert (found.call_sids, found.open, found.unread) == ({"CA1"}, [], {})
    assert found_of(tmp_path, "+972500000000").call_sids == set()


def test_a_stream_is_open_where_a_living_process_has_not_ended_it(tmp_path):
    dead, living = Journal.begin(tmp_path), Journal.begin(tmp_path)
    dead.append([start("CA1", A), start("CA2", A)])
    living.append([start("CA2", A), end("CA2"), start("CA3", A)])
    dead.close()
    found = found_of(tmp_path, A)
    assert found.call_sids == {"CA1", "CA2", "CA3"}
    assert [one.call_sid for one in found.open] == ["CA3"]
    # The next process finds the dead one's journal free.
    assert Journal.orphaned(dead.path) is not None


def test_lines_that_cannot_be_read_are_counted_and_a_journal_of_such_is_refused(tmp_path):
    journal = Journal.begin(tmp_path)
    journal.append([start("CA1", A), start("CA2", A)])
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([*lines[:-1], b"x" * (len(lines[-1]) - 1) + b"\n"]))
    found = found_of(tmp_path, A)
    assert (found.call_sids, found.unread) == ({"CA1"}, {journal.path.name: 1})
    (tmp_path / "b.journal").write_bytes(b"noise\n")
    with pytest.raises(StorageError, match="b.journal") as refused:
        found_of(tmp_path, A)
    assert refused.value.code == "journal_damaged"
