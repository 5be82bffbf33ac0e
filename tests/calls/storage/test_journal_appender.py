"""The journal's thread: everything that is accepted is appended, or left to the database. Run in the test's thread."""

import json
from dataclasses import replace

import pytest

from calls.storage import journal as journal_module
from calls.storage.journal import Journal
from calls.storage.journal_appender import JournalAppender
from calls.storage.record_queue import RecordQueue
from calls.storage.writer_options import DEFAULTS
from tests.calls.storage.sample_records import ENDED, STARTED, turn
from tests.counters import counted
from voiceapp.runtime import metrics

OPTIONS = replace(DEFAULTS, sync_interval_s=0)


@pytest.fixture
def queue():
    queue = RecordQueue(OPTIONS)
    yield queue
    queue.close_journal()


def append(appender, queue, *records):
    """The appender's thread appends these and ends."""
    for record in records:
        assert queue.put(record)
    queue.stop()
    appender.run()
    queue.start()


def kinds(folder):
    (path,) = folder.iterdir()
    return [json.loads(line)["kind"] for line in path.read_text().splitlines()]


def test_what_is_accepted_is_in_the_journal(queue, tmp_path):
    append(JournalAppender(queue, tmp_path / "journal", OPTIONS), queue, STARTED, turn(), ENDED)
    assert kinds(tmp_path / "journal") == ["CallStarted", "TurnSaved", "CallEnded"]
    assert queue.unjournaled() == []


def test_a_disk_that_takes_nothing_is_one_alarm_and_leaves_the_records_to_the_database(queue, tmp_path, caplog):
    (tmp_path / "file").write_text("where a folder should be")
    appender, before = JournalAppender(queue, tmp_path / "file" / "journal", OPTIONS), counted(metrics.JOURNAL_FAILURES)
    append(appender, queue, STARTED)
    append(appender, queue, ENDED)
    assert queue.unjournaled() == [STARTED, ENDED]
    assert counted(metrics.JOURNAL_FAILURES) - before == 2
    assert caplog.text.count("journal_failed") == 1


def test_a_disk_that_does_not_sync_is_an_alarm(queue, tmp_path, monkeypatch, caplog):
    def fails(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Journal, "sync", fails)
    append(JournalAppender(queue, tmp_path, OPTIONS), queue, STARTED)
    assert "journal_failed" in caplog.text
    assert (kinds(tmp_path), queue.unjournaled()) == (["CallStarted"], [])


def test_what_a_run_that_failed_had_taken_is_left_to_the_database(queue, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("what nobody thought of")

    appender = JournalAppender(queue, tmp_path, OPTIONS)
    with monkeypatch.context() as failing:
        failing.setattr(Journal, "append", fails)
        with pytest.raises(RuntimeError):
            append(appender, queue, STARTED)
    append(appender, queue, turn())
    assert (queue.unjournaled(), kinds(tmp_path)) == ([STARTED], ["TurnSaved"])


def test_a_truncated_journal_begins_with_the_streams_that_are_open(queue, tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 1)
    appender, ended = JournalAppender(queue, tmp_path, OPTIONS), replace(STARTED, call_sid="CA2", stream_sid="MZ2")
    append(appender, queue, STARTED, ended, replace(ENDED, call_sid="CA2", stream_sid="MZ2"))
    queue.journal.checkpoint(queue.journal.appended_bytes)
    append(appender, queue, turn())
    assert kinds(tmp_path) == ["CallStarted", "TurnSaved"]
