"""Files of calls, opened in one place: encrypted or not, finished or cut off, with a key or without."""

import ast
import json
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.storage import kept_files
from calls.storage.journal import Journal, Unreadable, orphaned_journals
from calls.storage.journal_files import journal_files
from calls.storage.journal_recovery import OrphanedJournals
from calls.storage.kept_files import GrowingFile, encrypted_by, is_whole, lines_of, missing_keys, opened, whole_file
from calls.storage.recording import HEADER, SLOT_BYTES, Recorder, Recording, RecordingError
from calls.storage.recording_disk import RecordingDisk
from tests.calls.storage.sample_records import RECORDS
from tests.calls.storage.test_recording import frames
from tests.counters import counted
from tests.disks import files_of_at_most
from tests.paths import ROOT
from tests.storage_keys import NEW, OLD, under
from voiceapp.runtime import metrics
from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.file_cipher import ADDED_BYTES, HEAD, StorageError
from voiceapp.runtime.storage_keys import StorageKeys

SLOT = SLOT_BYTES + ADDED_BYTES
BEGINS = HEAD.size + len(HEADER)


def record(path, *seconds, finish=True):
    """A recording whose seconds begin at these numbers."""
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(path, disk)
    for second in seconds:
        recorder.push(1000 * second, b"".join(frames(50, seed=second)))
    recorder.finish() if finish else recorder.flush()
    disk.stop(10)
    return path


def grown(path, *lines, finish=True):
    file = GrowingFile(path)
    for line in lines:
        file.append(line + b"\n")
    if finish:
        file.finish()
    file.close()
    return path


def change(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_recording_has_nothing_of_its_sound_in_it_and_is_its_owners_alone(tmp_path):
    with under(NEW):
        path = record(tmp_path / "a" / "call.vrec", 0, 1, 2)
        assert Recording(path).ulaw() == (0, b"".join(b"".join(frames(50, seed)) for seed in range(3)))
    assert encrypted_by(path) == NEW.key_id and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(frame in path.read_bytes() for frame in frames(50, seed=1))
    assert path.stat().st_size == BEGINS + 3 * SLOT + ADDED_BYTES


@given(at=st.integers(0, 30_000), length=st.integers(0, 30_000))
def test_any_bytes_of_it_are_those_of_the_plain_file(tmp_path_factory, at, length):
    folder = tmp_path_factory.mktemp("both")
    plain = record(folder / "plain.vrec", 0, 1, 2).read_bytes()
    with under(NEW), opened(record(folder / "call.vrec", 0, 1, 2)) as file:
        assert file.read(at, length) == plain[at : at + length]
        assert file.size_bytes == len(plain)


def test_a_moment_is_read_without_the_rest_of_the_file(tmp_path, monkeypatch):
    with under(NEW):
        recording = Recording(record(tmp_path / "call.vrec", *range(100)))
        read = []
        pread = kept_files.os.pread
        monkeypatch.setattr(kept_files.os, "pread", lambda *where: read.append(where) or pread(*where))
        assert next(iter(recording.chunks(70_500)))[0] == 70_000
    assert len(read) < 12


def test_a_file_that_was_killed_in_the_middle_gives_its_whole_seconds_and_says_that_it_has_no_end(tmp_path):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0, 1, 2)
        assert Recording(path).is_whole and is_whole(path)
        for end in (BEGINS + 3 * SLOT + 5, BEGINS + 3 * SLOT, BEGINS + 2 * SLOT + 500):
            path.write_bytes(path.read_bytes()[:end])
            recording = Recording(path)
            assert (recording.is_whole, is_whole(path), recording.slots) == (False, False, (end - BEGINS) // SLOT)
            assert len(list(recording.chunks())) == recording.slots


def test_seconds_left_out_at_the_end_are_noticed_though_the_last_chunk_is_kept(tmp_path):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0, 1, 2)
        data = path.read_bytes()
        path.write_bytes(data[: BEGINS + 2 * SLOT] + data[-ADDED_BYTES:])
        assert not Recording(path).is_whole
        assert len(list(Recording(path).chunks())) == 2


def test_seconds_that_were_exchanged_are_damaged(tmp_path):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0, 1, 2)
        data = path.read_bytes()
        first, second = data[BEGINS : BEGINS + SLOT], data[BEGINS + SLOT : BEGINS + 2 * SLOT]
        path.write_bytes(data[:BEGINS] + second + first + data[BEGINS + 2 * SLOT :])
        assert [at_ms for at_ms, _ in Recording(path).chunks()] == [2000]


def test_a_damaged_second_has_a_code_and_the_others_are_heard(tmp_path, caplog):
    damaged = counted(metrics.STORAGE_FAILURES.labels("storage_chunk_damaged"))
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0, 1, 2)
        change(path, BEGINS + SLOT + 100)
        assert [at_ms for at_ms, _ in Recording(path).chunks()] == [0, 2000]
        assert [at_ms for at_ms, _ in Recording(path).chunks(2500)] == [2000]
    assert caplog.text.count("storage_chunk_damaged: call.vrec: ") == 2
    assert counted(metrics.STORAGE_FAILURES.labels("storage_chunk_damaged")) > damaged


def test_without_the_key_a_recording_says_which_one_is_missing(tmp_path):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0)
    for keys in ((), (OLD,)):
        with under(*keys), pytest.raises(RecordingError, match=f"call.vrec: .*{NEW.name}") as refused:
            Recording(path)
        assert refused.value.code == "storage_key_missing"


def test_plain_files_and_those_of_an_older_key_stand_beside_those_of_the_newest(tmp_path):
    paths = [tmp_path / f"{name}.vrec" for name in ("plain", "old", "new")]
    for path, keys in zip(paths, ([], [OLD], [NEW, OLD]), strict=True):
        with under(*keys):
            record(path, 0)
    with under(NEW, OLD):
        assert len({Recording(path).ulaw() for path in paths}) == 1
    assert [encrypted_by(path) for path in paths] == [None, OLD.key_id, NEW.key_id]
    with under(NEW):
        assert missing_keys([*paths, tmp_path / "none"]) == {OLD.name: 1}


def test_a_recording_that_was_begun_before_the_key_stays_plain_and_whole(tmp_path):
    path = record(tmp_path / "call.vrec", 0, finish=False)
    with under(NEW):
        record(path, 1)
        assert len(list(Recording(path).chunks())) == 2
    assert encrypted_by(path) is None


def test_sound_that_comes_behind_the_end_is_kept(tmp_path):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0)
        record(path, 1)
        assert [at_ms for at_ms, _ in Recording(path).chunks()] == [0, 1000]
        assert Recording(path).is_whole


def test_a_disk_that_fills_up_keeps_whole_seconds(tmp_path, caplog):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0, 1, finish=False)
        with files_of_at_most(BEGINS + 2 * SLOT + 5000):
            record(path, 2, finish=False)
        record(path, 4)
        assert [at_ms for at_ms, _ in Recording(path).chunks()] == [0, 1000, 4000]
    assert "recording_failed" in caplog.text


@pytest.mark.parametrize("chunk_bytes", [0, 2**21])
def test_a_head_that_makes_no_sense_is_no_recording(tmp_path, chunk_bytes):
    with under(NEW):
        path = record(tmp_path / "call.vrec", 0)
        data = path.read_bytes()
        path.write_bytes(data[:8] + chunk_bytes.to_bytes(4, "little") + data[12:])
        with pytest.raises(RecordingError) as refused:
            Recording(path)
        assert refused.value.code == "storage_format_unknown"


def test_lines_are_encrypted_each_by_itself(tmp_path):
    said = [f"{number}: שלום".encode() for number in range(5)]
    with under(NEW):
        path = grown(tmp_path / "a.trace", *said)
        assert list(lines_of(path)) == said and is_whole(path)
        assert "שלום".encode() not in path.read_bytes()
        raw = path.read_bytes().splitlines(keepends=True)
        assert len(raw) == 1 + 5 + 1
        change(path, len(raw[0] + raw[1]) + 20)
        assert list(lines_of(path)) == [said[0], *said[2:]]
        with pytest.raises(StorageError):
            list(lines_of(path, all_of_them=True))
        path.write_bytes(b"".join(raw[:-1]))
        assert list(lines_of(path)) == said and not is_whole(path)
        path.write_bytes(b"".join(raw[:3])[:-7])
        assert list(lines_of(path, all_of_them=True)) == said[:1] and not is_whole(path)


def test_lines_that_stand_in_another_place_or_plain_among_them_are_damaged(tmp_path):
    with under(NEW):
        path = grown(tmp_path / "a.trace", b"one", b"two", b"six")
        head, one, two, six, last = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(head + two + one + six + b"plain\n" + last)
        assert list(lines_of(path)) == [b"six"]
        assert not is_whole(path)


def test_a_file_of_one_line_is_made_in_one_go(tmp_path):
    path = tmp_path / "a.peaks"
    for keys in ((), (NEW,)):
        with under(*keys):
            path.write_bytes(whole_file(b"[1,2]"))
            assert list(lines_of(path)) == [b"[1,2]"] and is_whole(path)
    assert b"[1,2]" not in path.read_bytes()


def test_a_journal_has_no_word_in_it_and_comes_back_after_a_kill(tmp_path):
    """A real process, killed behind its append: nothing was flushed by a close."""
    code = (
        "import os, signal, sys, django; django.setup()\n"
        "from pathlib import Path\n"
        "from calls.storage.journal import Journal\n"
        "from tests.calls.storage.sample_records import RECORDS\n"
        "Journal.begin(Path(sys.argv[1])).append(RECORDS)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "voiceapp.settings", "DEBUG": "1", "STORAGE_KEYS": NEW.text}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], cwd=ROOT, env=environment, check=False
    )
    assert done.returncode == -9
    (path,) = tmp_path.glob("*.journal.sealed")
    assert b"call_sid" not in path.read_bytes()
    with under(OLD, NEW):
        journal = Journal.orphaned(path)
        assert journal.unwritten(100)[0] == RECORDS
        journal.close()


def test_a_journal_whose_key_is_missing_stays_and_says_so(tmp_path, caplog):
    with under(NEW):
        journal = Journal.begin(tmp_path)
        journal.append(RECORDS)
        journal.close()
    with under(OLD):
        (unreadable,) = orphaned_journals(tmp_path)
        assert isinstance(unreadable, Unreadable) and unreadable.error.code == "storage_key_missing"
        OrphanedJournals(tmp_path, 10, lambda record: None, None).scan()
    assert (
        f"journal_unreadable: {journal.path} (storage_key_missing: STORAGE_KEYS lacks the key {NEW.name})"
        in caplog.text
    )
    with under(OLD, NEW):
        (again,) = orphaned_journals(tmp_path)
        assert again.unwritten(100)[0] == RECORDS
        again.close()


def test_a_journal_of_an_older_version_is_read_and_its_next_one_encrypted(tmp_path):
    old = Journal.begin(tmp_path)
    old.append(RECORDS)
    old.close()
    with under(NEW):
        (orphan,) = orphaned_journals(tmp_path)
        assert orphan.unwritten(100)[0] == RECORDS
        orphan.append(RECORDS[:1])
        assert [json.loads(line)["kind"] for line in orphan.path.read_bytes().splitlines()]
        orphan.close()


def test_a_version_that_knows_no_encryption_does_not_see_an_encrypted_journal(tmp_path):
    # It globs *.journal, takes each encrypted line for a damaged one, and deletes the file.
    plain = Journal.begin(tmp_path)
    with under(NEW):
        sealed = Journal.begin(tmp_path)
        assert list(tmp_path.glob("*.journal")) == [plain.path] and journal_files(tmp_path) == sorted(
            [plain.path, sealed.path]
        )
        sealed.append(RECORDS)
        sealed.close()
        (found,) = (one for one in orphaned_journals(tmp_path) if one.path == sealed.path)
        assert found.unwritten(100)[0] == RECORDS
        found.close()
    plain.close()


def test_a_journal_that_was_emptied_begins_with_a_key_of_its_own_again(tmp_path, monkeypatch):
    monkeypatch.setattr("calls.storage.journal.MIN_TRUNCATE_BYTES", 1)
    with under(NEW):
        journal = Journal.begin(tmp_path)
        heads = set()
        for _ in range(3):
            journal.append(RECORDS)
            heads.add(journal.path.read_bytes()[:49])
            records, behind = journal.unwritten(100)
            assert records == RECORDS
            journal.checkpoint(behind)
            assert journal.truncate_if_written()
        assert len(heads) == 3
        journal.close()


def test_a_damaged_line_of_a_journal_costs_that_line(tmp_path, caplog):
    with under(NEW):
        journal = Journal.begin(tmp_path)
        journal.append(RECORDS)
        raw = journal.path.read_bytes().splitlines(keepends=True)
        change(journal.path, len(raw[0] + raw[1]) + 30)
        assert journal.unwritten(100)[0] == [RECORDS[0], *RECORDS[2:]]
        journal.checkpoint(journal.appended_bytes)
        journal.close()
    assert "storage_chunk_damaged" in caplog.text


MAY_OPEN = {
    "calls/storage/kept_files.py": "the place",
    "calls/storage/journal.py": "locks what it opens",
    "calls/storage/journal_search.py": "sees whether a running process holds what it opens",
    "calls/storage/forgetting.py": "overwrites lines of journals, some of running processes",
    "calls/storage/rewriting.py": "holds a folder",
    "calls/desk/engines/gold.py": "a folder of gold, which is plain",
    "calls/desk/privacy/subject_export.py": "sums of what it has written itself",
}


def test_files_of_calls_are_opened_in_one_place():
    """A reader elsewhere would take an encrypted file for a damaged one."""
    opens = {"open", "fdopen", "pread", "read_bytes", "read_text", "copyfile", "copyfileobj"}
    rooms = ("storage", "desk", "live", "process", "whatif", "lines", "api", "webhooks", "twilio", "core")
    found = set()
    for path in (path for room in rooms for path in (ROOT / "calls" / room).rglob("*.py")):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in calls}
        if names & opens:
            found.add(path.relative_to(ROOT).as_posix())
    assert found - {"calls/live/stream_record.py"} == set(MAY_OPEN)  # that one opens a tap of sound


def test_a_process_whose_keys_cannot_be_read_opens_no_file(tmp_path, settings):
    with under(NEW):
        path = record(tmp_path / "a.vrec", 0)
    settings.STORAGE_KEYS = StorageKeys(flaw="STORAGE_KEYS holds something that is no key.")
    for opening in (lambda: Recording(path), lambda: whole_file(b"x"), lambda: Journal.begin(tmp_path / "journal")):
        with pytest.raises(CodedError) as raised:
            opening()
        assert raised.value.code == "storage_keys_unusable" and "no key" in raised.value.message
