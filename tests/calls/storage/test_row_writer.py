"""The database's thread: what it writes first, and what it does when the database is away. Run in the test's thread."""

from dataclasses import replace

import pytest
from django.db import DatabaseError

from calls.models import Call, Transcript
from calls.storage import rows
from calls.storage.journal import Journal
from calls.storage.journal_recovery import OrphanedJournals
from calls.storage.record_queue import RecordQueue
from calls.storage.records import EndChosen, TurnSaved
from calls.storage.row_writer import RowWriter
from calls.storage.tombstones import bury
from calls.storage.writer_options import DEFAULTS
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from tests.counters import counted
from voiceapp.runtime import metrics

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONS = replace(DEFAULTS, batch_records=2, gather_s=0, min_retry_s=0.001, max_retry_s=0.001)


@pytest.fixture
def queue(tmp_path):
    queue = RecordQueue(OPTIONS)
    queue.journal = Journal.begin(tmp_path)
    yield queue
    queue.close_journal()


def row_writer(queue, folder, options=OPTIONS):
    return RowWriter(queue, OrphanedJournals(folder, options.batch_records, queue.put, None), options)


def turns(*numbers):
    return [turn(number=number) for number in numbers]


def test_a_new_turn_is_written_before_what_an_outage_left(queue, tmp_path, monkeypatch):
    queue.journal.append(turns(1, 2, 3, 4, 5, 6))
    max_undeferred_bytes = queue.journal.behind_bytes // 2
    batches, write, away = [], rows.write, [DatabaseError("away")]

    def written(records):
        if away:
            queue.journal.append(turns(7))
            raise away.pop()
        forgotten = write(records)
        batches.append([record.turn.number for record in records])
        if len(batches) == 4:
            queue.stop()
        return forgotten

    monkeypatch.setattr(rows, "write", written)
    row_writer(queue, tmp_path, replace(OPTIONS, max_undeferred_bytes=max_undeferred_bytes)).run()
    assert batches == [[7], [1, 2], [3, 4], [5, 6]]
    assert (Transcript.objects.count(), queue.is_written) == (7, True)


def test_it_tries_again_until_the_database_is_back(queue, tmp_path, monkeypatch):
    queue.journal.append([STARTED])
    away, write, before = [DatabaseError("away")] * 3, rows.write, counted(metrics.WRITER_RETRIES)

    def written(records):
        if away:
            raise away.pop()
        queue.stop()
        return write(records)

    monkeypatch.setattr(rows, "write", written)
    row_writer(queue, tmp_path).run()
    assert (Call.objects.count(), counted(metrics.WRITER_RETRIES) - before) == (1, 3)


def test_it_leaves_the_journal_to_the_next_process_when_it_must_end_without_a_database(queue, tmp_path, monkeypatch):
    queue.journal.append([STARTED])

    def written(records):
        queue.stop()
        raise DatabaseError("away")

    monkeypatch.setattr(rows, "write", written)
    row_writer(queue, tmp_path).run()
    assert (Call.objects.count(), queue.is_written, queue.behind_bytes > 0) == (0, False, True)


def test_what_the_journal_did_not_take_is_written_too(queue, tmp_path):
    queue.journaled(refused=[STARTED, *turns(1, 2, 3)])
    queue.stop()
    row_writer(queue, tmp_path).run()
    assert (Transcript.objects.count(), queue.is_written) == (3, True)


def test_a_chosen_end_is_told_once_it_is_written(queue, tmp_path):
    end, told = EndChosen("CA1", "MZ1", "too_long"), []
    queue.journal.append([end, *turns(1), end])
    queue.stop()
    writer = row_writer(queue, tmp_path)
    writer.tell_when_written(end, lambda: told.append(Call.objects.get().end_reason))
    writer.run()
    assert told == ["too_long"]


def test_it_says_that_a_record_was_skipped(queue, tmp_path):
    queue.journaled(refused=[replace(STARTED, call_sid="CA2"), replace(turn(), turn="no turn")])
    queue.stop()
    writer = row_writer(queue, tmp_path)
    writer.run()
    assert (writer.skipped, Call.objects.count()) == (True, 1)


def test_what_is_forgotten_after_it_was_read_is_no_row_and_no_line(queue, tmp_path):
    """The recovery of a call hears its recording again, and saves the turn when the call has long been forgotten."""
    queue.journal.append([STARTED, ENDED])
    bury(STARTED.from_number, {"CA1"}, NOW)
    queue.journal.append([turn(text="ארטישוק"), TurnSaved("CA2", turn().turn)])
    queue.journaled(refused=turns(3))
    queue.stop()
    before = counted(metrics.RECORDS_FORGOTTEN)
    row_writer(queue, tmp_path).run()
    assert (queue.is_written, Call.objects.get().call_sid, Transcript.objects.count()) == (True, "CA2", 1)
    # The fourth was taken out of the journal before it was read, with the two lines of a batch before it.
    assert counted(metrics.RECORDS_FORGOTTEN) - before == 3
    held = queue.journal.path.read_bytes()
    assert b"CA2" in held and b"CA1" not in held


def test_a_journal_that_keeps_a_forgotten_line_stops_no_rows(queue, tmp_path, monkeypatch, caplog):
    def fails(path, call_sids):
        raise OSError("disk")

    monkeypatch.setattr("calls.storage.row_writer.forget_in_journal", fails)
    bury("", {"CA1"}, NOW)
    queue.journal.append([*turns(1), TurnSaved("CA2", turn().turn)])
    queue.stop()
    row_writer(queue, tmp_path).run()
    assert (queue.is_written, Call.objects.get().call_sid) == (True, "CA2")
    assert "lines of forgotten calls stay" in caplog.text
