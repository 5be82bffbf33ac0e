"""The writer: each record is a row, once, whatever happens to the database, the disk and the threads."""

import errno
import json
import os
import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, DataError, IntegrityError

from calls.models import Call, Transcript
from calls.storage import journal as journal_module
from calls.storage import journal_recovery, rows
from calls.storage.journal import Journal
from calls.storage.records import CallStarted, EndChosen, EventNoted
from calls.storage.writer import Writer
from calls.storage.writer_options import DEFAULTS
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from tests.counters import counted
from tests.waiting import PATIENCE_S
from voiceapp.runtime import background, metrics

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = replace(DEFAULTS, min_retry_s=0.01, max_retry_s=0.01, scan_interval_s=0.01)
GATHERING = replace(DEFAULTS, gather_s=3600)
"""Nothing is written unless somebody hurries it."""


def newest_thread(name):
    """The thread of this name that was started last: the process's own writer may run beside the test's."""
    return [one for one in threading.enumerate() if one.name == name][-1]


def test_a_lost_database_delays_rows_and_loses_none(monkeypatch, tmp_path):
    failures, troubles = [DatabaseError("away"), DatabaseError("away")], []
    real = rows.write

    def write(records):
        if failures:
            raise failures.pop()
        troubles.append(writer.trouble)
        return real(records)

    monkeypatch.setattr(rows, "write", write)
    writer = Writer(tmp_path, options=QUICK)
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
    assert writer.stop(10)
    assert failures == []
    assert troubles[0] == ["rows_not_written"] and writer.trouble == []
    assert Transcript.objects.get().text == "א"


def test_a_full_disk_is_an_alarm_and_rows_are_written_all_the_same(tmp_path, caplog):
    (tmp_path / "file").write_text("where a folder should be")
    writer = Writer(tmp_path / "file" / "journal")
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
    assert writer.stop(10)
    assert writer.trouble == ["journal_failed"]
    assert Transcript.objects.get().text == "א"
    assert "journal_failed" in caplog.text


def test_a_disk_that_fills_up_in_mid_call_costs_no_row(tmp_path, monkeypatch, caplog):
    writer = Writer(tmp_path)
    writer.start()
    writer.accept(STARTED)
    assert writer.flush(10)
    (path,) = tmp_path.iterdir()
    write, full = os.write, True

    def write_half(file, data):
        if not full or os.readlink(f"/proc/self/fd/{file}") != str(path):
            return write(file, data)
        write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write_half)
    writer.accept(turn())
    assert writer.flush(10)
    assert writer.trouble == ["journal_failed"]
    full = False
    writer.accept(turn(number=2))
    assert writer.flush(10)
    assert writer.trouble == []
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert (kinds, caplog.text.count("journal_failed")) == (["CallStarted", "TurnSaved"], 1)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    writer.accept(ENDED)
    assert writer.stop(10)


def test_records_gather_until_somebody_waits_for_them(tmp_path, monkeypatch):
    batches, write = [], rows.write
    monkeypatch.setattr(rows, "write", lambda records: (batches.append(len(records)), write(records))[-1])
    writer = Writer(tmp_path, options=GATHERING)
    writer.start()
    for number in range(1, 6):
        writer.accept(turn(number=number))
    assert writer.flush(10)
    writer.accept(ENDED)
    assert writer.stop(10)
    assert (len(batches) <= 3, sum(batches)) == (True, 6)


def test_a_call_that_begins_is_a_row_at_once(tmp_path, monkeypatch):
    """Its card is on the wall, and leads to its page."""
    written, write = threading.Event(), rows.write
    monkeypatch.setattr(rows, "write", lambda records: (write(records), written.set())[0])
    writer = Writer(tmp_path, options=GATHERING)
    writer.start()
    writer.accept(STARTED)
    assert written.wait(PATIENCE_S)
    writer.accept(ENDED)
    assert writer.stop(10)


def test_a_writer_that_fails_again_and_again_is_unwell(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "AGAIN_S", 0.001)
    failed = threading.Event()

    def unthought(*_):
        if background.unwell().get("call-writer"):
            failed.set()
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(journal_recovery, "orphaned_journals", unthought)
    writer = Writer(tmp_path)
    writer.start()
    writer.accept(turn())
    assert failed.wait(PATIENCE_S)
    monkeypatch.setattr(journal_recovery, "orphaned_journals", lambda *_: iter(()))
    assert writer.stop(10)
    assert Transcript.objects.count() == 1


def test_a_journal_begun_afresh_still_knows_who_is_on_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 1)
    writer = Writer(tmp_path)
    writer.start()
    for record in (STARTED, turn(), turn(number=2)):
        writer.accept(record)
        assert writer.flush(10)
    (path,) = tmp_path.iterdir()
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert kinds == ["CallStarted", "TurnSaved"]
    writer.accept(ENDED)
    assert writer.stop(10)


def test_a_chosen_end_is_written_at_once_and_who_waits_is_told(tmp_path):
    writer, written = Writer(tmp_path, options=GATHERING), threading.Event()
    writer.start()
    writer.accept_end(EndChosen("CA1", "MZ1", "silent_line"), written.set)
    assert written.wait(PATIENCE_S)
    assert Call.objects.get().end_reason == "silent_line"
    writer.accept(ENDED)
    assert writer.stop(10)


BAD = EventNoted("CA1", 9, NOW, "odd", "\ud800")


def test_one_bad_record_costs_no_other_its_row(tmp_path):
    writer = Writer(tmp_path)
    writer.start()
    for number in range(1, 151):
        writer.accept(turn(number=number))
        if number == 75:
            writer.accept(BAD)
    assert writer.flush(20)
    assert writer.alive
    writer.stop(10)
    assert Transcript.objects.count() == 150


def unpickled():
    """A dictionary that is no JSON, so deep that nothing walks it."""
    deep = {}
    for _ in range(10_000):
        deep = {"in": deep}
    return deep


@pytest.mark.parametrize("tuning", [{"x": object()}, {"x": 10**5000}, unpickled()], ids=["object", "digits", "deep"])
def test_a_record_that_is_no_line_of_the_journal_costs_no_other_its_row(tmp_path, tuning):
    writer = Writer(tmp_path)
    writer.start()
    records = [STARTED, CallStarted("CA2", "MZ2", NOW, tuning=tuning), turn(), ENDED]
    for record in records:
        writer.accept(record)
    assert writer.flush(10)
    assert Transcript.objects.get().text == "א"
    assert Call.objects.get(call_sid="CA1").end_reason == "stop"
    writer.stop(10)


def test_what_was_on_its_way_to_the_journal_when_its_thread_failed_is_written(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(background, "AGAIN_S", 0.0)
    append, failures = Journal.append, [RuntimeError("nobody thought of it"), MemoryError()]

    def fails_twice(journal, records):
        if failures:
            raise failures.pop()
        return append(journal, records)

    monkeypatch.setattr(Journal, "append", fails_twice)
    writer = Writer(tmp_path)
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
        assert writer.flush(10)
    assert writer.stop(10)
    assert (Transcript.objects.count(), caplog.text.count("thread_failed: call-journal")) == (1, 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_journals_thread_that_ended_begins_again_beside_one_rows_thread(tmp_path, monkeypatch):
    append, ends = Journal.append, [SystemExit()]

    def exits(journal, records):
        if ends:
            raise ends.pop()
        return append(journal, records)

    monkeypatch.setattr(Journal, "append", exits)
    writer = Writer(tmp_path)
    writer.start()
    journal, rows = newest_thread("call-journal"), newest_thread("call-writer")
    writer.accept(STARTED)
    journal.join(PATIENCE_S)
    assert (writer.alive, background.unwell()["call-journal"]) == (False, "ended")
    assert not writer.flush(0.01), "it is not written"
    writer.start()
    assert writer.alive
    assert newest_thread("call-writer") is rows
    assert not background.unwell().keys() & {"call-journal", "call-writer"}
    assert writer.stop(10)
    assert Call.objects.get().stream_sid == "MZ1"


@pytest.mark.parametrize("error", [DataError, IntegrityError, KeyError, AttributeError, RecursionError, UnicodeError])
def test_a_record_that_can_never_be_a_row_is_counted_and_stop_says_so(tmp_path, monkeypatch, caplog, error):
    write = rows.write

    def refuses(records):
        records = list(records)
        if any(isinstance(record, EventNoted) for record in records):
            raise error("never")
        return write(records)

    monkeypatch.setattr(rows, "write", refuses)
    before = counted(metrics.RECORDS_UNWRITABLE)
    writer = Writer(tmp_path)
    writer.start()
    for record in (turn(), EventNoted("CA1", 1, NOW, "odd"), ENDED):
        writer.accept(record)
    assert not writer.stop(10)
    assert Transcript.objects.count() == 1
    assert counted(metrics.RECORDS_UNWRITABLE) == before + 1
    assert "a EventNoted of call CA1 cannot be written" in caplog.text
