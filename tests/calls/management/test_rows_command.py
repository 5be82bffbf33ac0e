"""Commands that work on stored calls, and a database that is not theirs yet."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from calls.management.commands import export_calls
from tests.databases import own_postgresql, served_by
from voiceapp.runtime.storage_keys import StorageKeys


@pytest.fixture(params=["sqlite", "postgresql"])
def database_without_tables(request, tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            with served_by(f"sqlite:///{tmp_path / 'empty.sqlite3'}"):
                yield
        else:
            with own_postgresql() as url, served_by(url):
                yield


@pytest.mark.parametrize(
    "command",
    [
        ("purge", "--older-than", "1"),
        ("export_calls",),
        ("export_recording", "CA1", "--out", "never.wav"),
        ("whatif", "--last", "1"),
        ("fill_search_text",),
    ],
    ids=lambda command: command[0],
)
def test_a_database_without_tables_is_one_sentence_that_says_what_to_do(database_without_tables, command):
    with pytest.raises(CommandError, match=r"^not_migrated: .* run manage\.py migrate$"):
        call_command(*command)


@pytest.mark.parametrize(
    "command",
    [
        ["backup", "{}/backup"],
        ["export_calls"],
        ["subject", "0521234567", "--export", "{}/export"],
        ["retain"],
        ["gold", "--user", "dana", "--out", "{}/gold"],
        ["rebuild_sums"],
        ["explain", "CA" + "1" * 32],
        ["reencrypt", "--plain"],
    ],
    ids=lambda command: command[0],
)
def test_a_damaged_file_is_one_sentence_with_a_code(command, settings, tmp_path, django_db_blocker):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    (tmp_path / "damaged.sqlite3").write_bytes(b"no database" * 1000)
    with (
        django_db_blocker.unblock(),
        served_by(f"sqlite:///{tmp_path / 'damaged.sqlite3'}"),
        pytest.raises(CommandError, match=r"^database_damaged: .*: file is not a database: .* by manage\.py restore$"),
    ):
        call_command(*(part.format(tmp_path) for part in command))


def test_another_trouble_of_a_migrated_database_is_said_as_it_is(db, monkeypatch):
    def fail(calls):
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(export_calls, "with_all_of_it", fail)
    with pytest.raises(OperationalError, match="disk I/O error"):
        call_command("export_calls")


@pytest.mark.parametrize(
    "command",
    [
        ["backup", "{}/backup"],
        ["reencrypt"],
        ["export_recording", "CA1", "--out", "{}/a.wav"],
        ["subject", "0521234567", "--export", "{}/export"],
        ["subject", "0521234567", "--forget", "--yes"],
        ["whatif", "--call", "CA1"],
        ["gold", "--user", "dana", "--out", "{}/gold"],
        ["wer", "--engine", "google", "--user", "dana"],
    ],
    ids=lambda command: command[0],
)
def test_what_opens_files_of_calls_refuses_keys_that_cannot_be_used_before_it_begins(command, settings, tmp_path):
    settings.STORAGE_KEYS = StorageKeys(flaw="STORAGE_KEYS_FILE names a file that cannot be read.")
    settings.VAR_DIR = tmp_path / "var"
    # No database: whatever was begun would ask it.
    with pytest.raises(CommandError, match="^storage_keys_unusable: STORAGE_KEYS_FILE names a file"):
        call_command(*(part.format(tmp_path) for part in command))
    assert not list(tmp_path.iterdir())
