"""The writer: rows from records, once, whatever happens to the database."""

import errno
import json
import os
import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, DataError, IntegrityError

from calls.models import Call, Transcript
from calls.storage import journal as journal_module
from calls.storage import rows
from calls.storage import writer as writer_module
from calls.storage.journal import Journal
from calls.storage.records import (
    CallStarted,
    EndChosen,
    EventNoted,
    TurnSaved,
)
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from voiceapp.runtime import background, metrics


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_delays_rows_and_loses_none(monkeypatch, tmp_path):
    failures = [DatabaseError("away"), DatabaseError("away")]
    real = rows.write

    def write(records):
        if failures:
            raise failures.pop()
        real(records)

    monkeypatch.setattr(rows, "write", write)
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01, 0.01))
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
    assert writer.stop(10)
    assert failures == []
    assert Transcript.objects.get().text == "א"


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_an_alarm_and_rows_are_written_all_the_same(tmp_path, caplog):
    (tmp_path / "file").write_text("where a folder should be")
    writer = writer_module.Writer(tmp_path / "file" / "journal")
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
    assert writer.stop(10)
    assert Transcript.objects.get().text == "א"
    assert "journal_failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_fills_up_in_mid_call_costs_no_row(tmp_path, monkeypatch, caplog):
    writer = writer_module.Writer(tmp_path)
    writer.start()
    writer.accept(STARTED)
    assert writer.flush(10)
    write, journal, full = os.write, writer._journal._file, True

    def write_half(file, data):
        if file != journal or not full:
            return write(file, data)
        write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write_half)
    writer.accept(turn())
    assert writer.flush(10)
    full = False
    writer.accept(turn(number=2))
    assert writer.flush(10)
    (path,) = tmp_path.iterdir()
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert (kinds, caplog.text.count("journal_failed")) == (["CallStarted", "TurnSaved"], 1)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    writer.accept(ENDED)
    assert writer.stop(10)


@pytest.mark.django_db(transaction=True)
def test_records_gather_until_somebody_waits_for_them(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "BATCH_S", 3600)
    batches, write = [], rows.write
    monkeypatch.setattr(rows, "write", lambda records: (batches.append(len(records)), write(records)))
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for number in range(1, 6):
        writer.accept(turn(number=number))
    assert writer.flush(10)
    writer.accept(ENDED)
    assert writer.stop(10)
    assert (len(batches) <= 3, sum(batches)) == (True, 6)


@pytest.mark.django_db(transaction=True)
def test_a_call_that_begins_is_a_row_at_once(tmp_path, monkeypatch):
    """Its card is on the wall, and leads to its page."""
    monkeypatch.setattr(writer_module, "BATCH_S", 3600)
    written, write = threading.Event(), rows.write
    monkeypatch.setattr(rows, "write", lambda records: (write(records), written.set()))
    writer = writer_module.Writer(tmp_path)
    writer.start()
    writer.accept(STARTED)
    assert written.wait(10)
    writer.accept(ENDED)
    assert writer.stop(10)


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_has_lost_nothing_that_it_accepted(tmp_path):
    """Its journal stays, unlocked; the next process writes it and hears which calls were open."""
    journal = Journal.begin(tmp_path)
    journal.append([STARTED, turn(), turn(revised_text="ב", revision=1)])
    os.close(journal._file)  # as the kernel does when a process dies
    told, known = [], threading.Event()

    def recovered(started, accept):
        told.extend(started)
        known.set()

    writer = writer_module.Writer(tmp_path, recovered)
    writer.start()
    assert known.wait(10)
    writer.accept(ENDED)
    assert writer.stop(10)
    assert Transcript.objects.get().heard_text == "ב"
    assert told == [STARTED]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_sibling_that_dies_is_recovered_by_who_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "LOOK_S", 0.01)
    sibling = Journal.begin(tmp_path)
    sibling.append([STARTED, turn()])
    told, known = [], threading.Event()

    def recovered(started, accept):
        told.extend(started)
        known.set()

    writer = writer_module.Writer(tmp_path, recovered)
    writer.start()
    writer.accept(turn(number=2))
    assert writer.flush(10)
    assert (told, [row.number for row in Transcript.objects.all()]) == ([], [2])
    os.close(sibling._file)  # as the kernel does when a process dies
    assert known.wait(10)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    writer.accept(ENDED)
    assert writer.stop(10)
    assert told == [STARTED]


def dead_journal(folder, turns):
    journal = Journal.begin(folder)
    journal.append([turn(number=number) for number in range(1, turns + 1)])
    os.close(journal._file)  # as the kernel does when a process dies
    return journal.path


@pytest.mark.django_db(transaction=True)
def test_a_turn_of_a_living_call_is_written_between_two_batches_of_a_recovery(tmp_path, monkeypatch):
    dead_journal(tmp_path, turns=10)
    monkeypatch.setattr(writer_module, "BATCH_RECORDS", 2)
    batches, write, done = [], rows.write, threading.Event()
    live = TurnSaved("CAlive", turn().turn)

    def written(records):
        if not batches:
            writer.accept(live)
            with writer._changed:
                assert writer._changed.wait_for(lambda: writer.behind_bytes, 10)
            recovery = writer.recovery
            assert (recovery.done_bytes, recovery.total_bytes) == (0, recovery.path.stat().st_size)
        write(records)
        batches.append({record.call_sid for record in records})
        if len(batches) == 6:
            done.set()

    monkeypatch.setattr(rows, "write", written)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    assert done.wait(10)
    assert writer.stop(10)
    assert batches == [{"CA1"}, {"CAlive"}, {"CA1"}, {"CA1"}, {"CA1"}, {"CA1"}]
    assert Transcript.objects.count() == 11


@pytest.mark.django_db(transaction=True)
def test_a_turn_of_a_living_call_is_written_before_what_an_outage_left(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "BATCH_RECORDS", 2)
    monkeypatch.setattr(writer_module, "ASIDE_BYTES", 100)
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01, 0.01))
    batches, write, away, tried = [], rows.write, True, threading.Event()

    def written(records):
        if away:
            tried.set()
            raise DatabaseError("away")
        write(records)
        batches.append([record.turn.number for record in records])

    monkeypatch.setattr(rows, "write", written)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for number in range(1, 7):
        writer.accept(turn(number=number))
    assert tried.wait(10)
    with writer._changed:
        assert writer._changed.wait_for(lambda: writer._journal.deferred_bytes == writer.behind_bytes > 0, 10)
    writer.accept(turn(number=7))
    with writer._changed:
        assert writer._changed.wait_for(lambda: not writer._records and not writer._batch, 10)
    away = False
    assert writer.stop(10)
    assert sorted(sum(batches, [])) == [1, 2, 3, 4, 5, 6, 7]
    assert [7] in batches[:2] or batches[0] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_a_journal_that_the_disk_does_not_give_back_stays_and_stops_nobody(tmp_path, monkeypatch, caplog):
    path, told = dead_journal(tmp_path, turns=1), threading.Event()
    monkeypatch.setattr(writer_module, "LOOK_S", 0.01)
    pread = os.pread

    def unreadable(file, *where):
        if os.readlink(f"/proc/self/fd/{file}") == str(path):
            told.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, *where)

    monkeypatch.setattr(os, "pread", unreadable)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    assert told.wait(10)
    writer.accept(turn(number=2))
    assert writer.stop(10)
    assert [row.number for row in Transcript.objects.all()] == [2]
    assert (path.exists(), caplog.text.count("journal_unreadable")) == (True, 1)


@pytest.mark.django_db(transaction=True)
def test_what_only_bears_a_journals_name_stops_nobody(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(writer_module, "LOOK_S", 0.01)
    (tmp_path / "a-folder.journal").mkdir()
    (tmp_path / "in-a-circle.journal").symlink_to("in-a-circle.journal")
    os.mkfifo(tmp_path / "pipe.journal")
    dead_journal(tmp_path, turns=1)
    known = threading.Event()
    metrics_before = metrics.JOURNAL_FAILURES._value.get()
    writer = writer_module.Writer(tmp_path, recovered=lambda *_: None)
    monkeypatch.setattr(metrics.JOURNALS_RECOVERED, "inc", known.set)
    writer.start()
    writer.accept(turn(number=2))
    assert known.wait(10)
    assert writer.stop(10)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    assert caplog.text.count("journal_unreadable") == metrics.JOURNAL_FAILURES._value.get() - metrics_before == 3
    assert "Traceback" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_odd_record_of_a_dead_journal_leaves_the_others_their_ends(tmp_path):
    journal = Journal.begin(tmp_path)
    others = [CallStarted(f"CA{number}", f"MZ{number}", NOW) for number in (2, 3)]
    journal.append([others[0], replace(STARTED, stream_sid=["x"]), others[1]])
    os.close(journal._file)  # as the kernel does when a process dies
    told, known = [], threading.Event()
    writer = writer_module.Writer(tmp_path, lambda started, accept: (told.extend(started), known.set()))
    writer.start()
    assert known.wait(10)
    writer.stop(10)
    assert [started.call_sid for started in told] == ["CA2", "CA1", "CA3"]


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_fails_again_and_again_is_unwell(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "AGAIN_S", 0.001)
    failed = threading.Event()

    def unthought(*_):
        if background.unwell().get("call-writer"):
            failed.set()
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(writer_module, "orphaned_journals", unthought)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    writer.accept(turn())
    assert failed.wait(10)
    monkeypatch.setattr(writer_module, "orphaned_journals", lambda *_: iter(()))
    assert writer.stop(10)
    assert Transcript.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_journal_begun_afresh_still_knows_who_is_on_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "MIN_TRUNCATE_BYTES", 1)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for record in (STARTED, turn(), turn(number=2)):
        writer.accept(record)
        assert writer.flush(10)
    (path,) = tmp_path.iterdir()
    kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
    assert kinds == ["CallStarted", "TurnSaved"]
    writer.accept(ENDED)
    assert writer.stop(10)


@pytest.mark.django_db(transaction=True)
def test_a_chosen_end_is_written_at_once_and_who_waits_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "BATCH_S", 3600)
    writer, written = writer_module.Writer(tmp_path), threading.Event()
    writer.start()
    writer.accept_end(EndChosen("CA1", "MZ1", "silent_line"), written.set)
    assert written.wait(10)
    assert Call.objects.get().end_reason == "silent_line"
    writer.accept(ENDED)
    assert writer.stop(10)


BAD = EventNoted("CA1", 9, NOW, "odd", "\ud800")


@pytest.mark.django_db(transaction=True)
def test_one_bad_record_costs_no_other_its_row(tmp_path):
    writer = writer_module.Writer(tmp_path)
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tuning", [{"x": object()}, {"x": 10**5000}, unpickled()], ids=["object", "digits", "deep"])
def test_a_record_that_is_no_line_of_the_journal_costs_no_other_its_row(tmp_path, tuning):
    writer = writer_module.Writer(tmp_path)
    writer.start()
    records = [STARTED, CallStarted("CA2", "MZ2", NOW, tuning=tuning), turn(), ENDED]
    for record in records:
        writer.accept(record)
    assert writer.flush(10)
    assert Transcript.objects.get().text == "א"
    assert Call.objects.get(call_sid="CA1").end_reason == "stop"
    writer.stop(10)


@pytest.mark.django_db(transaction=True)
def test_what_was_on_its_way_to_the_journal_when_its_thread_failed_is_written(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(background, "AGAIN_S", 0.0)
    append, failures = Journal.append, [RuntimeError("nobody thought of it"), MemoryError()]

    def fails_twice(journal, records):
        if failures:
            raise failures.pop()
        return append(journal, records)

    monkeypatch.setattr(Journal, "append", fails_twice)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
        assert writer.flush(10)
    assert writer.stop(10)
    assert (Transcript.objects.count(), caplog.text.count("thread_failed: call-journal")) == (1, 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_a_journals_thread_that_ended_begins_again_beside_one_rows_thread(tmp_path, monkeypatch):
    append, ends = Journal.append, [SystemExit()]

    def exits(journal, records):
        if ends:
            raise ends.pop()
        return append(journal, records)

    monkeypatch.setattr(Journal, "append", exits)
    writer = writer_module.Writer(tmp_path)
    writer.start()
    journal, rows = writer._threads.values()
    writer.accept(STARTED)
    journal.join(10)
    assert (writer.alive, background.unwell()["call-journal"]) == (False, "ended")
    assert not writer.flush(0.01), "it is not written"
    writer.start()
    assert writer.alive
    assert list(writer._threads.values())[1] is rows
    assert not background.unwell().keys() & {"call-journal", "call-writer"}
    assert writer.stop(10)
    assert Call.objects.get().stream_sid == "MZ1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [DataError, IntegrityError, KeyError, AttributeError, RecursionError, UnicodeError])
def test_a_record_that_can_never_be_a_row_is_counted_and_stop_says_so(tmp_path, monkeypatch, caplog, error):
    write = rows.write

    def refuses(records):
        records = list(records)
        if any(isinstance(record, EventNoted) for record in records):
            raise error("never")
        write(records)

    monkeypatch.setattr(rows, "write", refuses)
    before = metrics.RECORDS_UNWRITABLE._value.get()
    writer = writer_module.Writer(tmp_path)
    writer.start()
    for record in (turn(), EventNoted("CA1", 1, NOW, "odd"), ENDED):
        writer.accept(record)
    assert not writer.stop(10)
    assert Transcript.objects.count() == 1
    assert metrics.RECORDS_UNWRITABLE._value.get() == before + 1
    assert "a EventNoted of call CA1 cannot be written" in caplog.text
