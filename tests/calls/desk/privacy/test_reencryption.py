"""Files of calls come under the newest key, or become plain again, whole, and never while their call runs."""

import os
import stat
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from calls.desk.privacy.files import call_files, delete_files
from calls.desk.privacy.retention import due
from calls.desk.review.peaks import peaks_of
from calls.models import AccessEntry, Call
from calls.storage import rewriting
from calls.storage.journal import Journal
from calls.storage.kept_files import encrypted_by, is_whole, lines_of
from calls.storage.recording import Recording
from calls.storage.rewriting import FileChanged, delete_left_parts, left_parts, rewrite
from tests.calls.storage.sample_records import RECORDS
from tests.calls.storage.test_kept_files import BEGINS, SLOT, change, grown, record
from tests.storage_keys import NEW, OLD, under
from voiceapp.runtime.storage_keys import StorageKey

pytestmark = pytest.mark.django_db
LINES = [b'{"event": "Final"}', "שלום".encode()]
AGO_S = 1000.0


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "recordings" / "20261127").mkdir(parents=True)
    return tmp_path / "recordings"


def leave(folder, sid="CA1", ended=True, ago_s=AGO_S, **options):
    """A call with a recording, a trace and a waveform that were written so long ago."""
    now = timezone.now()
    stream = {"recording": f"recordings/20261127/{sid}-MZ1.vrec", "started_at": (now - timedelta(hours=1)).isoformat()}
    if ended:
        stream["ended_at"] = now.isoformat()
    Call.objects.create(
        call_sid=sid, started_at=now - timedelta(hours=1), ended_at=now if ended else None, streams={"MZ1": stream}
    )
    path = record(folder / "20261127" / f"{sid}-MZ1.vrec", 0, 1, 2, **options)
    grown(path.with_suffix(".trace"), *LINES)
    peaks_of(path)
    files = [path, path.with_suffix(".trace"), path.with_suffix(".peaks")]
    for file in files:
        os.utime(file, (time.time() - ago_s, time.time() - ago_s))
    return files


def keys_of(files):
    return {encrypted_by(file) for file in files}


def reencrypt(capsys, *arguments):
    call_command("reencrypt", *arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize("before", [(), (OLD,)])
def test_every_file_comes_under_the_newest_key_and_says_what_it_said(folder, capsys, before):
    with under(*before):
        files = leave(folder)
        sound, peaks = Recording(files[0]).ulaw(), peaks_of(files[0])
    with under(NEW, OLD):
        assert "3 files (0.0 MB) would be encrypted by the key" in reencrypt(capsys, "--dry-run")
        assert keys_of(files) != {NEW.key_id}
        assert f"3 files (0.0 MB) are now encrypted by the key {NEW.name}" in reencrypt(capsys)
        assert reencrypt(capsys).startswith("0 files ")
    with under(NEW):
        assert keys_of(files) == {NEW.key_id}
        assert (Recording(files[0]).ulaw(), list(lines_of(files[1])), peaks_of(files[0])) == (sound, LINES, peaks)
        assert all(is_whole(file) for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {file.path for file in call_files(folder)} == set(files)


def test_files_become_plain_again_as_they_were_and_that_is_noted(folder, capsys):
    plain = leave(folder)
    before = [file.read_bytes() for file in plain]
    with under(NEW):
        reencrypt(capsys)
        assert all(file.read_bytes() != data for file, data in zip(plain, before, strict=True))
        assert "3 files (0.0 MB) are now plain" in reencrypt(capsys, "--plain")
    assert [file.read_bytes() for file in plain] == before
    (noted,) = AccessEntry.objects.all()
    assert (noted.kind, noted.detail) == ("export", "recordings and traces made plain")


def test_when_a_file_is_deleted_does_not_change_and_the_next_backup_copies_it(folder, capsys):
    with under(OLD):
        (path, *_) = leave(folder, ago_s=100 * 86_400)
    before = path.stat()
    with under(NEW, OLD):
        reencrypt(capsys)
    after = path.stat()
    assert 0 < after.st_mtime_ns - before.st_mtime_ns < 1e9
    assert after.st_size == before.st_size
    assert path in {file.path for line in due(folder, timezone.now()).due for file in line.files}


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ({"ended": False}, 3),
        ({"ended": True, "ago_s": 1.0}, 3),
        ({"ended": False, "ago_s": 3 * 86_400}, 0),
    ],
    ids=["running", "just over", "lost long ago"],
)
def test_files_of_running_calls_stay_for_the_next_time(folder, capsys, call, left):
    with under(OLD):
        files = leave(folder, **call)
    with under(NEW, OLD):
        said = reencrypt(capsys)
    assert (f"not yet: {left} files of running calls, 0 journals" in said) == bool(left)
    assert keys_of(files) == {OLD.key_id if left else NEW.key_id}


def test_a_call_without_a_row_may_be_running(folder, capsys):
    with under(OLD):
        files = leave(folder)
        Call.objects.all().delete()
    with under(NEW, OLD):
        assert "not yet: 3 files" in reencrypt(capsys)
    assert keys_of(files) == {OLD.key_id}


def test_a_recording_that_has_no_end_gets_none(folder, capsys):
    with under(OLD):
        path, *_ = leave(folder, finish=False)
    with under(NEW, OLD):
        reencrypt(capsys)
        assert not Recording(path).is_whole and len(list(Recording(path).chunks())) == 3


def test_a_file_that_cannot_be_read_stays_and_is_named_and_the_others_go_on(folder, capsys):
    with under(OLD):
        damaged, *_ = leave(folder)
        others = leave(folder, "CA2")
    change(damaged, BEGINS + SLOT + 9)
    os.utime(damaged, (time.time() - AGO_S, time.time() - AGO_S))
    before = damaged.read_bytes()
    with under(NEW, OLD), pytest.raises(CommandError, match="1 file, the first: storage_chunk_damaged: CA1-MZ1.vrec"):
        call_command("reencrypt")
    assert damaged.read_bytes() == before and keys_of(others) == {NEW.key_id}
    with under(NEW), pytest.raises(CommandError, match="storage_key_missing: CA1-MZ1.vrec"):
        call_command("reencrypt")


def test_without_a_key_there_is_nothing_to_encrypt_by(folder):
    with pytest.raises(CommandError, match="^no_storage_key: "):
        call_command("reencrypt")


def test_journals_under_older_keys_are_told_of(tmp_path, capsys):
    with under(OLD):
        journal = Journal.begin(tmp_path / "journal")
        with under(NEW, OLD):
            assert "not yet" not in reencrypt(capsys)
        journal.append(RECORDS)
    with under(NEW, OLD):
        assert "1 journal of processes that began before" in reencrypt(capsys)
    journal.close()


@pytest.mark.parametrize("meanwhile", ["written", "deleted"])
def test_a_file_that_changes_meanwhile_is_left(folder, monkeypatch, meanwhile):
    files = leave(folder)
    same = rewriting._is_the_same

    def slowly(path, made):
        answer = same(path, made)
        if meanwhile == "deleted":
            path.unlink()
        else:
            with path.open("ab") as file:
                file.write(b"x")
        return answer

    monkeypatch.setattr(rewriting, "_is_the_same", slowly)
    with under(NEW), pytest.raises(FileChanged):
        rewrite(files[0], NEW, folder)
    assert files[0].exists() == (meanwhile == "written")
    assert list(folder.rglob("*.part")) == []


def test_a_file_that_would_not_say_the_same_is_not_put_in_its_place(folder, monkeypatch):
    files = leave(folder)
    before = files[0].read_bytes()
    pieces = rewriting._pieces
    monkeypatch.setattr(rewriting, "_pieces", lambda path, key: list(pieces(path, key))[:2])
    with under(NEW), pytest.raises(FileChanged):
        rewrite(files[0], NEW, folder)
    assert files[0].read_bytes() == before


def test_what_a_killed_process_has_left_is_a_file_of_its_call_and_goes(folder, capsys):
    leave(folder)
    part = folder / "20261127" / "CA1-MZ1.vrec.abc.part"
    part.write_bytes(b"half")
    assert [file.call for file in call_files(folder) if file.path == part] == ["CA1"]
    said = "{}: 1 half-written file, left by a run that was killed"
    with under(NEW):
        assert said.format("to be deleted") in reencrypt(capsys, "--dry-run") and part.exists()
        assert said.format("deleted") in reencrypt(capsys)
        assert not part.exists()
        assert "half-written" not in reencrypt(capsys)
    part.write_bytes(b"half")
    delete_files(folder, list(call_files(folder)))
    assert not part.exists()


def test_a_part_that_is_being_written_is_left_alone(folder, monkeypatch):
    path, *_ = leave(folder)
    same, seen = rewriting._is_the_same, []

    def looked_at(path, made):
        seen.append((list(left_parts(folder)), delete_left_parts(folder), made.exists()))
        return same(path, made)

    monkeypatch.setattr(rewriting, "_is_the_same", looked_at)
    with under(NEW):
        rewrite(path, NEW, folder)
    assert seen == [([], 0, True)]


@pytest.mark.parametrize("arguments", [(), ("--plain",)])
def test_a_dry_run_says_what_the_run_would_not_do(folder, capsys, arguments):
    with under(OLD):
        files = leave(folder)
    with under(NEW):
        said = []
        for dry in (["--dry-run"], []):
            with pytest.raises(CommandError, match="3 files, the first: storage_key_missing: CA1-MZ1") as raised:
                reencrypt(capsys, *arguments, *dry)
            said.append((str(raised.value), capsys.readouterr().out.startswith("0 files ")))
    assert said[0] == said[1] and said[0][1]
    with under(NEW, OLD):
        change(files[0], BEGINS + SLOT + 9)
        os.utime(files[0], (time.time() - AGO_S, time.time() - AGO_S))
        with pytest.raises(CommandError, match="1 file, the first: storage_chunk_damaged: CA1-MZ1.vrec"):
            reencrypt(capsys, *arguments, "--dry-run")


def test_a_key_is_printed_that_can_be_set(capsys):
    call_command("storage_key")
    first = capsys.readouterr().out.strip()
    call_command("storage_key")
    assert StorageKey.of(first).text == first != capsys.readouterr().out.strip()


def test_a_dry_run_makes_nothing_plain_and_notes_nothing(folder, capsys):
    with under(NEW):
        files = leave(folder)
        assert "3 files (0.0 MB) would be plain" in reencrypt(capsys, "--plain", "--dry-run")
        assert keys_of(files) == {NEW.key_id}
    assert not AccessEntry.objects.exists()


def test_with_no_key_set_and_files_under_one_that_key_is_asked_for_and_no_new_one(folder):
    with under(OLD):
        leave(folder)
    with (
        under(),
        pytest.raises(CommandError, match=f"^storage_key_missing: .* 3 files .* {OLD.name}: put that very key"),
    ):
        call_command("reencrypt")
