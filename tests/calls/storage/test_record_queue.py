"""The queue: no record leaves it before the journal or the database has it."""

from dataclasses import replace

import pytest

from calls.storage import journal as journal_module
from calls.storage.journal import Journal
from calls.storage.record_queue import RecordQueue
from calls.storage.writer_options import DEFAULTS
from tests.calls.storage.sample_records import ENDED, STARTED, turn

OPTIONS = replace(DEFAULTS, batch_records=2, max_waiting_records=3, gather_s=0)


@pytest.fixture
def queue():
    return RecordQueue(OPTIONS)


def put(queue, *records):
    assert all([queue.put(record) for record in records])


def test_a_full_queue_refuses_the_newest_record(queue):
    assert [queue.put(record) for record in (STARTED, turn(), ENDED, turn())] == [True, True, True, False]
    assert queue.take_batch(0) == [STARTED, turn()]


def test_what_the_journal_does_not_take_counts_as_waiting(queue):
    queue.journaled(refused=[STARTED, turn(), ENDED])
    assert not queue.put(turn())
    queue.unjournaled_written(1)
    assert queue.put(turn())


def test_records_leave_in_order_a_batch_at_a_time(queue):
    put(queue, STARTED, turn(), ENDED)
    queue.stop()
    assert queue.take_batch(None) == [STARTED, turn()]
    queue.journaled(refused=[])
    assert queue.take_batch(None) == [ENDED]
    queue.journaled(refused=[])
    assert queue.take_batch(None) is None


def test_nothing_is_no_batch_and_not_the_end(queue):
    assert queue.take_batch(0) == []


def test_a_batch_that_was_taken_and_not_reported_is_not_written_yet(queue):
    put(queue, STARTED)
    queue.take_batch(0)
    assert not queue.flush(0)
    queue.abandon_batch()
    assert (queue.unjournaled(), queue.flush(0)) == ([STARTED], False)
    queue.unjournaled_written(1)
    assert queue.flush(0)


def test_what_is_read_and_not_written_yet_is_not_written(queue):
    with queue.reading():
        assert not queue.flush(0)
    assert queue.flush(0)


def test_a_journal_is_not_truncated_while_it_is_read(queue, tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 1)
    assert not queue.truncate_journal()
    queue.journal = Journal.begin(tmp_path)
    queue.journal.append([STARTED])
    assert not queue.truncate_journal()
    queue.journal.checkpoint(queue.journal.appended_bytes)
    with queue.reading():
        assert not queue.truncate_journal()
    assert queue.truncate_journal()
    queue.close_journal()
    assert (queue.journal, queue.behind_bytes) == (None, 0)


def test_the_databases_thread_waits_for_what_is_in_the_journal_and_ends_when_all_is_written(queue, tmp_path):
    assert queue.wait_for_rows(0)
    queue.stop()
    assert not queue.wait_for_rows(0)
    queue.journal = Journal.begin(tmp_path)
    queue.journal.append([STARTED])
    assert queue.wait_for_rows(0)
    queue.journal.checkpoint(queue.journal.appended_bytes)
    assert not queue.wait_for_rows(0)
    queue.start()
    assert queue.wait_for_rows(0)
    queue.close_journal()


def test_a_pause_ends_with_the_queue(queue):
    queue.stop()
    queue.wait_for_stop(3600)
