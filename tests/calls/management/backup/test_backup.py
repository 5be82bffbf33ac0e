"""A backup is whole or none, is believed only when it is read whole, and overwrites nothing by itself."""

import fcntl
import json
import os
import shutil
import sqlite3
import stat
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from calls.desk.privacy.reencryption import SETTLED_S
from calls.management.backup import databases
from calls.management.backup.manifest import NAME
from calls.models import Call
from calls.storage.kept_files import encrypted_by
from calls.storage.rewriting import rewrite
from tests.calls.storage.test_kept_files import record
from tests.databases import (
    migrated_postgres,  # noqa: F401 - a fixture
    own_postgresql,
    postgresql_url,  # noqa: F401 - a fixture
    put_migrated_database,
    served_by,
)
from tests.storage_keys import NEW, OLD, under
from voiceapp.environment import Environment
from voiceapp.runtime.one_at_a_time import alone_in, reading_from, working_on

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


class Box:
    """A VAR_DIR and its database."""

    def __init__(self, var_dir, url, settings):
        self.var_dir, self._url, self._settings = var_dir, url, settings
        var_dir.mkdir(exist_ok=True)

    def __enter__(self):
        self._settings.VAR_DIR = self.var_dir
        self._settings.SECRET_FILES = {}
        self._serving = served_by(self._url)
        self._serving.__enter__()
        return self

    def __exit__(self, *error):
        self._serving.__exit__(*error)

    def keep(self, path, content=b"x"):
        (self.var_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (self.var_dir / path).write_bytes(content)
        return self.var_dir / path

    def files(self):
        """But for the database and locks."""
        found = (path for path in self.var_dir.rglob("*") if path.is_file())
        kept = [path for path in found if "sqlite3" not in path.name and path.suffix != ".lock"]
        return {path.relative_to(self.var_dir).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture(params=["sqlite", "postgresql"])
def boxes(request, tmp_path, settings, django_db_blocker):
    """One with a call, its files and a person; and an empty one."""
    if request.param == "sqlite":
        put_migrated_database(tmp_path / "db.sqlite3")
        urls = [f"sqlite://{tmp_path}/db.sqlite3", f"sqlite://{tmp_path}/other.sqlite3"]
        other = None
    else:
        other = own_postgresql()
        urls = [request.getfixturevalue("migrated_postgres"), other.__enter__()]
    full, empty = Box(tmp_path / "full", urls[0], settings), Box(tmp_path / "empty", urls[1], settings)
    with django_db_blocker.unblock():
        with full:
            Call.objects.create(call_sid="CA1", started_at=NOW, ended_at=NOW)
            get_user_model().objects.create_user("dana")
            record(full.var_dir / "recordings/2026-11-27/CA1-MZ1.vrec", 0, 1, 2)
            full.keep("recordings/2026-11-27/CA1-MZ1.trace", b"{}\n")
            full.keep("journal/host-1-a.journal", b'{"half a')
            full.keep("phrases/abc.ulaw")
            full.keep("secret_key", b"secret")
        yield full, empty
    if other:
        other.__exit__(None, None, None)


@pytest.fixture
def sqlite_boxes(tmp_path, settings, django_db_blocker):
    put_migrated_database(tmp_path / "db.sqlite3")
    with django_db_blocker.unblock():
        yield (
            Box(tmp_path / "full", f"sqlite://{tmp_path}/db.sqlite3", settings),
            Box(tmp_path / "empty", f"sqlite://{tmp_path}/other.sqlite3", settings),
        )


def test_an_empty_box_becomes_the_other_one(boxes, tmp_path, capsys):
    full, empty = boxes
    with full:
        full.keep("recordings.log", b"not kept")
        call_command("backup", tmp_path / "backup")
        kept = full.files()
        del kept["recordings.log"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "backup").rglob("*")}
    assert modes == {0o600, 0o700}
    with empty:
        call_command("restore", tmp_path / "backup")
        assert empty.files() == kept
        assert list(Call.objects.values_list("call_sid", flat=True)) == ["CA1"]
        assert get_user_model().objects.get().username == "dana"
        assert {stat.S_IMODE(path.stat().st_mode) for path in empty.var_dir.rglob("*") if path.is_file()} == {0o600}
    assert "all whole" in capsys.readouterr().out


def test_a_box_with_something_in_it_is_overwritten_only_where_that_is_asked_for(boxes, tmp_path):
    full, empty = boxes
    with full:
        call_command("backup", tmp_path / "backup")
        with pytest.raises(CommandError, match="not_empty: .*--overwrite"):
            call_command("restore", tmp_path / "backup")
        Call.objects.create(call_sid="CA2", started_at=NOW)
        later = full.keep("recordings/2026-11-28/CA2-MZ2.vrec")
        call_command("restore", tmp_path / "backup", "--overwrite")
        assert list(Call.objects.values_list("call_sid", flat=True)) == ["CA1"]
        assert not later.exists()
    with empty:
        empty.keep("recordings/2026-11-28/CA2-MZ2.vrec")
        with pytest.raises(CommandError, match="not_empty"):
            call_command("restore", tmp_path / "backup")


def test_what_stands_behind_a_link_to_another_disk_is_deleted_and_the_link_stays(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "CA9-MZ9.vrec").write_bytes(b"not ours")
    with full:
        full.keep("phrases/abc.ulaw")
        call_command("backup", tmp_path / "backup")
        for name in ("recordings", "journal", "phrases", "keys"):
            disk = tmp_path / "disk" / name
            (disk / "20261128").mkdir(parents=True)
            (disk / "20261128" / "CA2-MZ2.vrec").write_bytes(b"old")
            (disk / "CA2-MZ2.trace").write_bytes(b"old")
            (disk / "20261129").symlink_to(elsewhere)
            if (full.var_dir / name).exists():
                shutil.rmtree(full.var_dir / name)
            (full.var_dir / name).symlink_to(disk)
        call_command("restore", tmp_path / "backup", "--overwrite")
        assert all((full.var_dir / name).is_symlink() for name in ("recordings", "journal", "phrases", "keys"))
    left = [path.relative_to(tmp_path / "disk").as_posix() for path in (tmp_path / "disk").rglob("*")]
    assert sorted(left) == ["journal", "keys", "phrases", "phrases/abc.ulaw", "recordings"]
    assert (elsewhere / "CA9-MZ9.vrec").exists()


def test_what_cannot_be_deleted_is_said_and_nothing_is_restored(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    with full:
        call_command("backup", tmp_path / "backup")
        Call.objects.create(call_sid="CA2", started_at=NOW)
        full.keep("phrases")  # a file where a folder should be
        with pytest.raises(CommandError, match=f"^not_emptied: {full.var_dir}/phrases cannot be deleted"):
            call_command("restore", tmp_path / "backup", "--overwrite")
        assert Call.objects.filter(call_sid="CA2").exists()


def test_a_backup_that_was_changed_is_not_restored(sqlite_boxes, tmp_path):
    full, empty = sqlite_boxes
    with full:
        path = record(full.var_dir / "recordings/d/CA1-MZ1.vrec", 0)
        call_command("backup", tmp_path / "backup")
    copy = tmp_path / "backup" / "var" / path.relative_to(full.var_dir)
    copy.write_bytes(b"noise")
    with empty:
        for arguments in ([], ["--verify"], ["--overwrite"]):
            with pytest.raises(CommandError, match=r"damaged: .*CA1-MZ1\.vrec is not what was backed up"):
                call_command("restore", tmp_path / "backup", *arguments)
        copy.unlink()
        with pytest.raises(CommandError, match="damaged: .*cannot be read"):
            call_command("restore", tmp_path / "backup")
        assert empty.files() == {} and databases.is_empty()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"migrations": ["calls.9999_from_the_future"]}, "newer_backup: .*calls.9999_from_the_future"),
        ({"form": 99}, "newer_backup"),
        ({"database": "postgresql"}, "other_database"),
        ({"files": [{"path": "../../x", "size_bytes": 1, "sha256": "", "mtime_ns": 0}]}, "bad_manifest"),
        ({"files": "none"}, "bad_manifest"),
    ],
)
def test_what_this_version_cannot_take_is_said(sqlite_boxes, tmp_path, changes, says):
    full, empty = sqlite_boxes
    with full:
        call_command("backup", tmp_path / "backup")
    manifest = tmp_path / "backup" / NAME
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))
    with empty, pytest.raises(CommandError, match=says):
        call_command("restore", tmp_path / "backup")


def test_a_folder_without_a_manifest_is_no_backup(sqlite_boxes, tmp_path):
    with sqlite_boxes[1], pytest.raises(CommandError, match="no_backup"):
        call_command("restore", tmp_path)


def test_a_box_that_serves_is_not_restored_into(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    with full:
        call_command("backup", tmp_path / "backup")
        with full.keep("journal/host-1-a.journal").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(CommandError, match="server_running"):
                call_command("restore", tmp_path / "backup", "--overwrite")


def test_what_a_copied_file_would_lack_is_in_the_backup(sqlite_boxes, tmp_path):
    """A writer that has not closed keeps its newest rows in the write-ahead log."""
    full, empty = sqlite_boxes
    with full, closing(sqlite3.connect(tmp_path / "db.sqlite3")) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        Call.objects.create(call_sid="CA1", started_at=NOW)
        writer.execute("UPDATE calls_call SET call_sid = 'CA2'")
        writer.commit()
        call_command("backup", tmp_path / "backup")
    with empty:
        call_command("restore", tmp_path / "backup")
        assert Call.objects.get().call_sid == "CA2"


def test_dated_backups_share_what_has_not_changed_and_old_ones_go(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"
    with full:
        for hour in range(3):
            record(full.var_dir / f"recordings/d/CA{hour}-MZ.vrec", *range(hour + 1))
            monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(hour))
            call_command("backup", "--dated", "--keep", "2", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["20261127T010000Z", "20261127T020000Z"]
    first, second = (folder / f"20261127T0{hour}0000Z" / "var/recordings/d" for hour in (1, 2))
    assert (first / "CA1-MZ.vrec").samefile(second / "CA1-MZ.vrec")
    assert sorted(path.name for path in second.iterdir()) == ["CA0-MZ.vrec", "CA1-MZ.vrec", "CA2-MZ.vrec"]
    with full:
        call_command("restore", "--verify", second.parents[2])


def test_what_a_killed_dated_backup_left_goes_with_the_next_and_one_that_is_made_stays(sqlite_boxes, tmp_path, capsys):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"
    killed, made, other = (folder / f"{name}.unfinished" for name in ("20261126T010000Z", "20261126T020000Z", "mine"))
    for path in (killed, made, other):
        path.mkdir(parents=True)
        (path / "database").write_bytes(b"words")
    with full, alone_in(made):
        call_command("backup", "--dated", folder)
    assert "deleted 1 backups that were not finished" in capsys.readouterr().out
    assert not killed.exists() and (made / "database").exists() and (other / "database").exists()


@pytest.mark.parametrize("dated", [False, True])
def test_of_two_at_once_into_one_folder_the_second_is_refused_and_the_first_is_whole(
    sqlite_boxes, tmp_path, monkeypatch, dated
):
    full, _ = sqlite_boxes
    said, dump = [], databases.dump
    arguments = [tmp_path / "backup", *(["--dated", "--keep", "1"] if dated else [])]

    def dump_while_another_begins(part):
        monkeypatch.setattr(databases, "dump", dump)
        with pytest.raises(CommandError, match="already_running: another command writes into .*backup") as refused:
            call_command("backup", *arguments)
        said.append(refused.value)
        return dump(part)

    with full:
        record(full.var_dir / "recordings/d/CA1-MZ1.vrec", 0)
        monkeypatch.setattr(databases, "dump", dump_while_another_begins)
        call_command("backup", *arguments)
        made = next((tmp_path / "backup").iterdir()) if dated else tmp_path / "backup"
        call_command("restore", "--verify", made)
    assert len(said) == 1


def test_a_backup_is_not_deleted_while_it_is_verified(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"

    def back_up(hour):
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(hour))
        call_command("backup", "--dated", "--keep", "1", folder)

    with full:
        back_up(1)
        with reading_from(folder / "20261127T010000Z"):
            back_up(2)
        assert len(list(folder.iterdir())) == 2
        back_up(3)
    assert [path.name for path in folder.iterdir()] == ["20261127T030000Z"]


def test_no_other_command_works_on_a_box_that_is_restored_nor_the_other_way_round(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    others = (["backup", tmp_path / "new"], ["retain"], ["purge", "--older-than", "1"], ["reencrypt", "--plain"])
    with full:
        call_command("backup", tmp_path / "backup")
        with working_on(full.var_dir):
            call_command("backup", tmp_path / "beside")
            with pytest.raises(CommandError, match="already_running: .* works on"):
                call_command("restore", "--overwrite", tmp_path / "backup")
        with working_on(full.var_dir, is_restored=True):
            for command in others:
                with pytest.raises(CommandError, match="already_running: another manage.py restore works on"):
                    call_command(*command)


def at_hour(hour):
    return type("Clock", (), {"now": staticmethod(lambda zone: datetime(2026, 11, 27, hour, tzinfo=zone))})


def test_files_that_variables_name_come_too_and_never_replace_others(sqlite_boxes, tmp_path, settings, capsys):
    full, empty = sqlite_boxes
    key, other = tmp_path / "google.json", tmp_path / "env"
    key.write_text("{}")
    other.write_text("A=1")
    with full:
        settings.SECRET_FILES = {"GOOGLE_APPLICATION_CREDENTIALS": key, "ENV_FILE": other, "X_FILE": tmp_path / "none"}
        with pytest.raises(CommandError, match=f"not_whole: .*\nnot_there: X_FILE names {tmp_path}/none"):
            call_command("backup", tmp_path / "backup")
    key.unlink()
    other.write_text("A=2")
    with empty:
        call_command("restore", tmp_path / "backup")
    assert (key.read_text(), other.read_text()) == ("{}", "A=2")
    assert f"{other} is there already; the backup's is {tmp_path}/backup/named/ENV_FILE" in capsys.readouterr().out


def test_a_folder_that_is_not_empty_is_not_written_into(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    with full:
        with pytest.raises(CommandError, match="not_empty"):
            call_command("backup", tmp_path)
        with pytest.raises(CommandError, match="--keep"):
            call_command("backup", "--keep", "1", tmp_path / "backup")
        (tmp_path / "file").write_text("")
        with pytest.raises(CommandError, match="not_written"):
            call_command("backup", tmp_path / "file" / "backup")


def test_programs_that_are_missing_are_named(sqlite_boxes, monkeypatch):
    monkeypatch.setattr("calls.management.backup.databases.shutil.which", lambda name: None)
    with pytest.raises(databases.BackupError, match="apt install postgresql-client") as raised:
        databases._run("pg_dump")
    assert raised.value.code == "no_pg_dump"


def test_a_box_that_is_restored_without_the_keys_says_which_one_is_missing(sqlite_boxes, tmp_path, settings, capsys):
    full, empty = sqlite_boxes
    with full, under(OLD):
        record(full.var_dir / "recordings" / "20261127" / "CA1-MZ1.vrec", 0)
        call_command("backup", tmp_path / "backup")
    with empty, under(NEW):
        call_command("restore", tmp_path / "backup")
    assert f"storage_key_missing: 1 file is encrypted by the key {OLD.name}" in capsys.readouterr().out


def test_the_file_of_storage_keys_goes_into_a_backup_unless_it_is_left_out(sqlite_boxes, tmp_path, settings):
    full, _ = sqlite_boxes
    for place in (full.var_dir / "keys" / "storage", tmp_path / "apart"):
        with full:
            place.parent.mkdir(exist_ok=True)
            place.write_text(NEW.text)
            with pytest.raises(CommandError, match="^storage_keys_not_apart: "):
                call_command("backup", "--without-storage-keys", tmp_path / "none")
            settings.SECRET_FILES = {"STORAGE_KEYS_FILE": place}
            call_command("backup", tmp_path / f"with-{place.name}")
            call_command("backup", "--without-storage-keys", tmp_path / f"without-{place.name}")
        assert NEW.text.encode() in content_of(tmp_path / f"with-{place.name}")
        assert NEW.text.encode() not in content_of(tmp_path / f"without-{place.name}")
        place.unlink()


def test_a_file_under_another_key_is_copied_anew_though_it_is_as_long(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"
    with full:
        path = full.var_dir / "recordings" / "20261127" / "CA1-MZ1.vrec"
        with under(OLD):
            record(path, 0)
        for hour in (1, 2):
            monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(hour))
            with under(NEW, OLD):
                call_command("backup", "--dated", folder)
                rewrite(path, NEW, full.var_dir / "recordings")
    first, second = (next((folder / f"20261127T0{hour}0000Z").rglob("*.vrec")) for hour in (1, 2))
    assert (encrypted_by(first), encrypted_by(second)) == (OLD.key_id, NEW.key_id)


def content_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_box_whose_keys_cannot_be_read_is_not_emptied_for_a_backup_unless_that_brings_them(
    sqlite_boxes, tmp_path, settings, monkeypatch, capsys
):
    full, empty = sqlite_boxes
    apart = tmp_path / "apart"
    with full:
        apart.write_text(OLD.text)
        with under(OLD):
            record(full.var_dir / "recordings" / "20261127" / "CA1-MZ1.vrec", 0)
            call_command("backup", tmp_path / "without")
            settings.SECRET_FILES = {"STORAGE_KEYS_FILE": apart}
            call_command("backup", tmp_path / "with")
    apart.unlink()
    monkeypatch.setenv("STORAGE_KEYS_FILE", str(apart))
    monkeypatch.delenv("STORAGE_KEYS", raising=False)
    with empty:
        empty.keep("recordings/of/before")
        settings.SECRET_FILES = {"STORAGE_KEYS_FILE": apart}
        settings.STORAGE_KEYS = Environment().storage_keys()
        assert settings.STORAGE_KEYS.flaw
        with pytest.raises(CommandError, match="^storage_keys_unusable: STORAGE_KEYS_FILE names"):
            call_command("restore", "--overwrite", tmp_path / "without")
        assert (empty.var_dir / "recordings/of/before").exists()
        call_command("restore", "--overwrite", tmp_path / "with")
    assert apart.read_text() == OLD.text
    assert "storage_key" not in capsys.readouterr().out


def test_damage_is_told_once_and_no_backup_that_may_have_the_whole_is_deleted(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"
    ago_s = time.time() - 3 * 86_400
    with full:
        for hour in range(4):
            monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(hour))
            arguments = "--dated", "--keep", "1", folder
            path = full.var_dir / f"recordings/d/CA{hour}-MZ.vrec"
            if hour != 2:
                record(path, 0, 1)
                os.utime(path, (ago_s, ago_s))
                call_command("backup", *arguments)
                continue
            path = full.var_dir / "recordings/d/CA1-MZ.vrec"
            path.write_bytes(path.read_bytes()[:-9])
            os.utime(path, (ago_s, ago_s))
            says = "(?s)^not_whole: .*recording_damaged: CA1-MZ.vrec: its end is missing"
            with pytest.raises(CommandError, match=says):
                call_command("backup", *arguments)
            assert len(list(folder.iterdir())) == 2
    assert len(list(folder.iterdir())) == 1


def test_a_recording_that_still_grows_is_not_told_of(sqlite_boxes, tmp_path):
    full, _ = sqlite_boxes
    with full, under(NEW):
        record(full.var_dir / "recordings/d/CA7-MZ.vrec", 0, 1, finish=False)
        call_command("backup", tmp_path / "backup")


SAYS_ITS_END = "(?s)^not_whole: .*recording_damaged: CA7-MZ.vrec: its end is missing"


def test_what_may_have_grown_is_examined_by_the_next_backup_though_it_did_not_change(
    sqlite_boxes, tmp_path, monkeypatch
):
    full, _ = sqlite_boxes
    with full, under(NEW):
        path = record(full.var_dir / "recordings/d/CA7-MZ.vrec", 0, 1, finish=False)
        for hour in (1, 2):
            monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(hour))
            call_command("backup", "--dated", tmp_path / "backups")
        Call.objects.create(call_sid="CA7", started_at=NOW, ended_at=NOW)
        monkeypatch.setattr("calls.management.backup.losses.time.time", lambda: path.stat().st_mtime + SETTLED_S + 1)
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(3))
        with pytest.raises(CommandError, match=SAYS_ITS_END):
            call_command("backup", "--dated", tmp_path / "backups")
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(4))
        call_command("backup", "--dated", tmp_path / "backups")


def test_what_became_shorter_is_told_of_at_once_and_the_backup_with_the_whole_stays(
    sqlite_boxes, tmp_path, monkeypatch
):
    full, _ = sqlite_boxes
    folder = tmp_path / "backups"
    with full, under(NEW):
        path = record(full.var_dir / "recordings/d/CA7-MZ.vrec", 0, 1)
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(1))
        call_command("backup", "--dated", folder)
        os.truncate(path, path.stat().st_size // 2)
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(2))
        with pytest.raises(CommandError, match="(?s)^not_whole: .*recording_damaged: CA7-MZ.vrec"):
            call_command("backup", "--dated", "--keep", "1", folder)
    assert len(list(folder.iterdir())) == 2


def test_what_a_killed_backup_did_not_examine_is_the_next_ones(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    with full, under(NEW):
        path = record(full.var_dir / "recordings/d/CA7-MZ.vrec", 0, 1, finish=False)
        os.utime(path, (time.time() - 3 * 86_400,) * 2)
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(1))
        with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
            killed.setattr("calls.management.backup.losses.loss_of", interrupted)
            call_command("backup", "--dated", tmp_path / "backups")
        monkeypatch.setattr("calls.management.backup.making.datetime", at_hour(2))
        with pytest.raises(CommandError, match=SAYS_ITS_END):
            call_command("backup", "--dated", tmp_path / "backups")


def interrupted(*_):
    raise KeyboardInterrupt


def test_a_backup_that_is_broken_off_leaves_nothing(sqlite_boxes, tmp_path, monkeypatch):
    full, _ = sqlite_boxes
    with full:
        full.keep("recordings/d/CA1-MZ1.trace", b"{}\n")
        monkeypatch.setattr("calls.management.backup.making.write_manifest", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call_command("backup", tmp_path / "backups" / "mine")
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize("where", ["shutil.copyfile", "os.replace"])
def test_a_restore_that_is_broken_off_leaves_the_box_empty_for_the_next(sqlite_boxes, tmp_path, monkeypatch, where):
    full, empty = sqlite_boxes
    with full:
        full.keep("recordings/d/CA1-MZ1.trace", b"{}\n")
        call_command("backup", tmp_path / "backup")
    with empty:
        with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
            killed.setattr(f"calls.management.backup.databases.{where}", interrupted)
            call_command("restore", tmp_path / "backup")
        assert empty.files() == {} and not list(tmp_path.glob("other.sqlite3*"))
        call_command("restore", tmp_path / "backup")
        assert empty.files() == full.files()
