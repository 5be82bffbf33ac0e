"""Every command and every server read .env, and say which database they work on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import put_migrated_database
from tests.paths import ROOT
from tests.waiting import COMMAND_S
from voiceapp import env_file as env_file_module
from voiceapp.env_file import EnvironmentFileError, chosen_database, read_file
from voiceapp.environment import Environment
from voiceapp.service_urls import database_url

OURS = ("DATABASE_URL", "VAR_DIR", "PORT", "ENV_FILE", "TWILIO_AUTH_TOKEN")


@pytest.fixture
def env_file(tmp_path, monkeypatch):
    """A file as yet without a line, for an environment without our variables."""
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if name not in OURS})
    monkeypatch.setattr(env_file_module, "_from_file", set())
    path = tmp_path / ".env"
    path.touch()
    return path


def run(arguments, env_file, folder, **more):
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "DEBUG": "1", "ENV_FILE": str(env_file), "TWILIO_AUTH_TOKEN": "t", **more},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("TRIED=plain", "plain"),
        ("TRIED=", ""),
        ('TRIED="two words"', "two words"),
        ("TRIED='pa$s ${HOME}'", "pa$s ${HOME}"),
        ("TRIED=plain # a comment", "plain"),
        ("TRIED=a#b", "a#b"),
        ('TRIED="x # y"', "x # y"),
        ('TRIED="a \\" quote"', 'a " quote'),
        ("export TRIED=1", "1"),
        ("# TRIED=0\n\nTRIED=1", "1"),
        ("TRIED=1\nTRIED=2", "2"),
        ("TRIED=postgresql://u:p%40s@h:5433/n?a=b", "postgresql://u:p%40s@h:5433/n?a=b"),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it(env_file, line, value):
    env_file.write_text(line + "\n")
    shell = subprocess.run(
        ["bash", "-c", 'set -a; . "$1"; printf %s "$TRIED"', "-", env_file], capture_output=True, text=True, check=True
    )
    read_file(env_file)
    assert os.environ["TRIED"] == value == shell.stdout


def test_a_dollar_is_a_dollar_and_a_mark_of_windows_no_letter(env_file):
    env_file.write_text("\ufeffTRIED=pa$$w$HOME\r\nNEXT=1\r\n", encoding="utf-8")
    read_file(env_file)
    assert (os.environ["TRIED"], os.environ["NEXT"]) == ("pa$$w$HOME", "1")


def test_what_the_environment_has_wins_also_what_is_empty(env_file):
    env_file.write_text("PORT=8000\nDATABASE_URL=postgresql://owner/db\n")
    os.environ |= {"PORT": "8010", "DATABASE_URL": ""}
    read_file(env_file)
    assert (os.environ["PORT"], os.environ["DATABASE_URL"], chosen_database()) == ("8010", "", "")


@pytest.mark.parametrize("text", ["DATABASE_URL postgresql://h/n\n", "PORT=1\n'\n", "PORT\n", "A=\0\n", b"A=\xff\n"])
def test_a_line_that_cannot_be_read_is_told_and_not_passed_over(env_file, text):
    env_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EnvironmentFileError, match=r"^bad_env_file: .*\.env"):
        read_file(env_file)


def test_no_file_is_no_variable_but_one_that_was_named_must_be_there(env_file):
    env_file.unlink()
    read_file(env_file)
    os.environ["ENV_FILE"] = str(env_file)
    with pytest.raises(EnvironmentFileError):
        read_file(Path("/nowhere"))


def test_tests_read_no_file_of_the_developer(env_file):
    env_file.write_text("TRIED=1\n")
    os.environ["ENV_FILE"] = ""
    read_file(env_file)
    assert "TRIED" not in os.environ


@pytest.mark.parametrize("command", ["migrate", "check", "purge", "createsuperuser"])
def test_a_command_works_on_the_files_database_and_says_so(env_file, tmp_path, command):
    url = f"sqlite://{tmp_path}/of-the-file.sqlite3"
    env_file.write_text(f"DATABASE_URL={url}\nVAR_DIR={tmp_path}\n")
    put_migrated_database(tmp_path / "of-the-file.sqlite3")
    more = {"purge": ["--older-than", "1"], "createsuperuser": ["--noinput", "--username", "a", "--email", "a@b.co"]}
    done = run(["manage.py", command, *more.get(command, [])], env_file, tmp_path, DJANGO_SUPERUSER_PASSWORD="a")
    assert done.returncode == 0, done.stderr
    first = done.stderr.splitlines()[0]
    assert first == f"database: sqlite://{tmp_path}/of-the-file.sqlite3 (DATABASE_URL in the .env file)"
    assert not (tmp_path / "db.sqlite3").exists()


def test_made_up_calls_and_tests_never_go_to_the_files_database(env_file, tmp_path):
    env_file.write_text("DATABASE_URL=postgresql://owner@127.0.0.1:1/calls\n")
    done = run(["manage.py", "demo", "--only", "no such call"], env_file, tmp_path, VAR_DIR=str(tmp_path))
    assert "unknown_sample" in done.stderr
    assert "database:" not in done.stderr


def test_a_server_of_another_make_reads_the_file_too(env_file, tmp_path):
    env_file.write_text(
        f"PUBLIC_URL=https://of-the-file.callcentre.co.il\nSTT_EMULATOR_HOST=127.0.0.1:9\nVAR_DIR={tmp_path}\n"
    )
    program = "import voiceapp.asgi; from django.conf import settings; print(settings.PUBLIC_URL)"
    done = run(["-W", "ignore", "-c", program], env_file, tmp_path)
    assert done.stdout.strip() == "https://of-the-file.callcentre.co.il", done.stderr


def test_a_database_that_is_not_understood_stops_every_command(env_file, tmp_path):
    for url in ("mysql://h/n", "postgresql://h:port/n", "postgresql://[::1/n"):
        done = run(["manage.py", "migrate"], env_file, tmp_path, DATABASE_URL=url, VAR_DIR=str(tmp_path))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert done.stderr.startswith("DATABASE_URL ")


@pytest.mark.parametrize("command", ["migrate_once", "rebuild_sums"])
def test_a_database_that_is_away_is_one_sentence(env_file, tmp_path, command):
    url = "postgresql://u:s3cret@127.0.0.1:1/n"
    done = run(["manage.py", command], env_file, tmp_path, DATABASE_URL=url, VAR_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("database_away: postgresql://u@127.0.0.1:1/n: "), done.stderr
    assert "Traceback" not in done.stderr and "s3cret" not in done.stderr


def test_a_password_is_never_said():
    database = Environment({"DATABASE_URL": "postgresql://u:s3cret@db:5433/voice"}).database(Path("/var"))
    assert database_url(database) == "postgresql://u@db:5433/voice"


def test_a_folder_is_the_same_wherever_a_command_is_started(env_file, tmp_path):
    program = "from django.conf import settings; print(settings.VAR_DIR)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "voiceapp.settings", "VAR_DIR": "var"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(ROOT / "var")
