"""Orphaned journals become rows beside what comes now, and their open calls are told."""

import errno
import os
import threading
from dataclasses import replace

import pytest

from calls.models import Transcript
from calls.storage import rows
from calls.storage.journal import Journal
from calls.storage.journal_recovery import REREAD_INTERVAL_S, OrphanedJournals
from calls.storage.kept_forms import HEAD_LINE_BYTES
from calls.storage.records import CallStarted, TurnSaved
from calls.storage.writer import Writer
from calls.storage.writer_options import DEFAULTS
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from tests.counters import counted
from tests.storage_keys import NEW, OLD, plain_and_encrypted, under  # noqa: F401 - a fixture
from tests.waiting import PATIENCE_S, eventually
from voiceapp.runtime import metrics
from voiceapp.runtime.file_cipher import HEAD

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = replace(DEFAULTS, scan_interval_s=0.01)


def orphan(folder, turns):
    journal = Journal.begin(folder)
    journal.append([turn(number=number) for number in range(1, turns + 1)])
    journal.close()  # as the kernel does when a process dies
    return journal.path


def test_a_killed_process_has_lost_nothing_that_it_accepted(tmp_path):
    """Its journal stays, unlocked; the next process writes it and hears which calls were open."""
    journal = Journal.begin(tmp_path)
    journal.append([STARTED, turn(), turn(revised_text="ב", revision=1)])
    journal.close()  # as the kernel does when a process dies
    told, known = [], threading.Event()

    def recovered(started, accept):
        told.extend(started)
        known.set()

    writer = Writer(tmp_path, recovered)
    writer.start()
    assert known.wait(PATIENCE_S)
    writer.accept(ENDED)
    assert writer.stop(10)
    assert Transcript.objects.get().heard_text == "ב"
    assert told == [STARTED]
    assert list(tmp_path.iterdir()) == []


def test_a_sibling_that_dies_is_recovered_by_who_lives(tmp_path):
    sibling = Journal.begin(tmp_path)
    sibling.append([STARTED, turn()])
    told, known = [], threading.Event()

    def recovered(started, accept):
        told.extend(started)
        known.set()

    writer = Writer(tmp_path, recovered, QUICK)
    writer.start()
    writer.accept(turn(number=2))
    assert writer.flush(10)
    assert (told, [row.number for row in Transcript.objects.all()]) == ([], [2])
    sibling.close()  # as the kernel does when a process dies
    assert known.wait(PATIENCE_S)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    writer.accept(ENDED)
    assert writer.stop(10)
    assert told == [STARTED]


def test_a_turn_of_a_living_call_is_written_between_two_batches_of_a_recovery(tmp_path, monkeypatch):
    orphan(tmp_path, turns=10)
    batches, write, done = [], rows.write, threading.Event()
    live = TurnSaved("CAlive", turn().turn)

    def written(records):
        if not batches:
            writer.accept(live)
            assert eventually(lambda: writer.behind_bytes)
            recovery = writer.recovery
            assert (recovery.done_bytes, recovery.total_bytes) == (0, recovery.path.stat().st_size)
        forgotten = write(records)
        batches.append({record.call_sid for record in records})
        if len(batches) == 6:
            done.set()
        return forgotten

    monkeypatch.setattr(rows, "write", written)
    writer = Writer(tmp_path, options=replace(QUICK, batch_records=2))
    writer.start()
    assert done.wait(PATIENCE_S)
    assert writer.stop(10)
    assert batches == [{"CA1"}, {"CAlive"}, {"CA1"}, {"CA1"}, {"CA1"}, {"CA1"}]
    assert Transcript.objects.count() == 11


def test_a_journal_that_the_disk_does_not_give_back_stays_and_stops_nobody(tmp_path, monkeypatch, caplog):
    path, told = orphan(tmp_path, turns=1), threading.Event()
    pread = os.pread

    def unreadable(file, *where):
        if os.readlink(f"/proc/self/fd/{file}") == str(path):
            told.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(file, *where)

    monkeypatch.setattr(os, "pread", unreadable)
    writer = Writer(tmp_path, options=QUICK)
    writer.start()
    assert told.wait(PATIENCE_S)
    writer.accept(turn(number=2))
    assert writer.stop(10)
    assert [row.number for row in Transcript.objects.all()] == [2]
    assert (path.exists(), caplog.text.count("journal_unreadable")) == (True, 1)


SALT_BYTE = 4 * (HEAD.size - 1) // 3
"""Of the head's line: one of the salt's."""


@pytest.mark.parametrize("at", [0, HEAD_LINE_BYTES - 1, SALT_BYTE])
def test_a_journal_whose_head_is_damaged_stays_and_is_written_once_it_is_mended(tmp_path, caplog, at):
    with under(NEW):
        path = orphan(tmp_path, turns=3)
        whole = path.read_bytes()
        path.write_bytes(whole[:at] + (b"W" if whole[at : at + 1] != b"W" else b"X") + whole[at + 1 :])
        orphans, told = OrphanedJournals(tmp_path, 2, lambda record: None, None), counted(metrics.JOURNALS_RECOVERED)
        write_all(orphans)
        assert (path.exists(), Transcript.objects.count()) == (True, 0)
        assert counted(metrics.JOURNALS_RECOVERED) == told
        (critical,) = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
        assert f"journal_unreadable: {path} (journal_damaged" in critical and "put back a whole copy" in critical
        # It is not read, and each of its lines logged, again before it has changed.
        lines_told = caplog.text.count("cannot be read")
        read_again(orphans)
        assert caplog.text.count("cannot be read") == lines_told
        put_back(path, whole)
        read_again(orphans)
        assert (path.exists(), Transcript.objects.count()) == (False, 3)


@pytest.mark.parametrize(("text", "stays"), [(b"not JSON\n", True), (b"not JSON\n" * 5, True), (b"half a line", False)])
def test_a_plain_journal_stays_where_none_of_its_lines_can_be_read(tmp_path, text, stays):
    with under():
        path = orphan(tmp_path, turns=1)
        whole = path.read_bytes()
        path.write_bytes(text)
        orphans = OrphanedJournals(tmp_path, 2, lambda record: None, None)
        write_all(orphans)
        assert path.exists() == stays
        # One that can be read is enough.
        put_back(path, text + b"\n" + whole)
        read_again(orphans)
        assert (path.exists(), Transcript.objects.count()) == (False, 1)


def test_a_journal_whose_key_is_missing_is_named_until_the_key_is_back(tmp_path, caplog):
    with under(NEW):
        path = orphan(tmp_path, turns=1)
    orphans = OrphanedJournals(tmp_path, 2, lambda record: None, None)
    with under(OLD):
        for read in (write_all, write_all, read_again):
            read(orphans)
            assert orphans.unreadable == {path.name: "storage_key_missing"}
    assert f"lacks the key {NEW.name}" in caplog.text and "put that key back into STORAGE_KEYS" in caplog.text
    with under(OLD, NEW):
        read_again(orphans)
    assert (orphans.unreadable, Transcript.objects.count()) == ({}, 1)


def test_an_unreadable_journal_that_is_deleted_is_named_no_more(tmp_path):
    path = orphan(tmp_path, turns=1)
    path.write_bytes(b"not JSON\n")
    orphans = OrphanedJournals(tmp_path, 2, lambda record: None, None)
    write_all(orphans)
    assert orphans.unreadable == {path.name: "journal_damaged"}
    path.unlink()
    write_all(orphans)
    assert orphans.unreadable == {}


def put_back(path, data):
    copy = path.with_suffix(".copy")
    copy.write_bytes(data)
    copy.replace(path)


def write_all(orphans):
    orphans.scan()
    while orphans.write_next():
        pass


def read_again(orphans):
    """As it is a minute later."""
    orphans._reread_s -= REREAD_INTERVAL_S
    write_all(orphans)


def test_what_only_bears_a_journals_name_stops_nobody(tmp_path, monkeypatch, caplog):
    (tmp_path / "a-folder.journal").mkdir()
    (tmp_path / "in-a-circle.journal").symlink_to("in-a-circle.journal")
    os.mkfifo(tmp_path / "pipe.journal")
    orphan(tmp_path, turns=1)
    known = threading.Event()
    metrics_before = counted(metrics.JOURNAL_FAILURES)
    writer = Writer(tmp_path, recovered=lambda *_: None, options=QUICK)
    monkeypatch.setattr(metrics.JOURNALS_RECOVERED, "inc", known.set)
    writer.start()
    writer.accept(turn(number=2))
    assert known.wait(PATIENCE_S)
    assert writer.stop(10)
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2]
    assert caplog.text.count("journal_unreadable") == counted(metrics.JOURNAL_FAILURES) - metrics_before == 3
    assert "Traceback" not in caplog.text


def test_an_odd_record_of_a_dead_journal_leaves_the_others_their_ends(tmp_path):
    journal = Journal.begin(tmp_path)
    others = [CallStarted(f"CA{number}", f"MZ{number}", NOW) for number in (2, 3)]
    journal.append([others[0], replace(STARTED, stream_sid=["x"]), others[1]])
    journal.close()  # as the kernel does when a process dies
    told, known = [], threading.Event()
    writer = Writer(tmp_path, lambda started, accept: (told.extend(started), known.set()))
    writer.start()
    assert known.wait(PATIENCE_S)
    writer.stop(10)
    assert [started.call_sid for started in told] == ["CA2", "CA1", "CA3"]


def test_journals_are_written_one_behind_the_other_a_batch_at_a_time(tmp_path):
    paths, accepted, told = [orphan(tmp_path, turns=3), orphan(tmp_path, turns=1)], [], []
    orphans = OrphanedJournals(tmp_path, 2, accepted.append, lambda started, accept: told.append(started))
    assert not orphans.write_next()
    done = []
    for _ in paths:
        orphans.scan()
        while orphans.current is not None:
            orphans.scan()  # one is being written: it stays the current one
            assert orphans.write_next()
            done.append(orphans.current.done_bytes if orphans.current is not None else None)
    assert [bool(count) for count in done] == [True, True, False, True, False]
    assert (Transcript.objects.count(), accepted, told, list(tmp_path.iterdir())) == (3, [], [], [])


def test_a_journal_that_is_left_in_the_middle_stays_for_the_next_process(tmp_path):
    path = orphan(tmp_path, turns=3)
    orphans = OrphanedJournals(tmp_path, 2, lambda record: None, None)
    orphans.scan()
    orphans.write_next()
    orphans.close()
    assert (orphans.current, path.exists()) == (None, True)
    orphans.scan()
    assert (orphans.current.path, orphans.current.done_bytes) == (path, 0)
    orphans.close()
