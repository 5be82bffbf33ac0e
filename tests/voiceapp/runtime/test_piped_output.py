"""``manage.py … | head``: commands end quietly when whoever reads their output has enough of it."""

import os
import subprocess
import sys

import pytest

from tests.databases import put_migrated_database
from tests.paths import ROOT

COMMANDS = [
    ["doctor", "--only", "settings", "database"],
    ["help"],
    ["retain"],
    ["showmigrations"],
    # It takes an OSError for one of its own files.
    ["subject", "+972501112233", "--forget", "--yes"],
]


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_command_whose_reader_has_left_ends_without_a_complaint(command, unbuffered, tmp_path):
    done = _unread(command, tmp_path, stderr=subprocess.PIPE, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 141
    assert not [sign for sign in ("Traceback", "pipe", "Pipe", "Error") if sign in done.stderr]


def test_a_command_whose_errors_nobody_reads_ends_as_well(tmp_path):
    assert _unread(["subject", "abc", "--forget", "--yes"], tmp_path, stderr=subprocess.STDOUT).returncode == 141


def test_what_is_read_to_its_end_is_whole_and_keeps_its_exit_status(tmp_path):
    put_migrated_database(tmp_path / "db.sqlite3")
    command = [sys.executable, "manage.py", "doctor", "--only", "database", "settings"]
    done = subprocess.run(command, cwd=ROOT, env=_environment(tmp_path), capture_output=True, text=True, timeout=60)
    # Nothing of Google's is set.
    assert (done.returncode, done.stderr) == (1, "")
    assert "database" in done.stdout and "settings" in done.stdout and done.stdout.endswith("\n")


def _unread(command, var_dir, *, stderr, **environment):
    put_migrated_database(var_dir / "db.sqlite3")
    reads, writes = os.pipe()
    os.close(reads)
    try:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={**_environment(var_dir), **environment},
            stdout=writes,
            stderr=stderr,
            text=True,
            timeout=60,
        )
    finally:
        os.close(writes)


def _environment(var_dir):
    return {**os.environ, "DATABASE_URL": "", "VAR_DIR": str(var_dir), "DEBUG": "1", "ENV_FILE": ""}
