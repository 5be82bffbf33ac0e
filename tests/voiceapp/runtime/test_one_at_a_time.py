"""Who comes second is refused; a process that was killed holds nobody up."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.paths import ROOT
from voiceapp.runtime.one_at_a_time import FORGETTING, AlreadyRunning, alone_in, working_on

HOLDS = """
import sys
from pathlib import Path
from voiceapp.runtime.one_at_a_time import alone_in, working_on
folder = Path(sys.argv[1])
with working_on(folder, "reencrypt"), alone_in(folder / "out"):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_leaves_no_lock(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"holds\n"
        with (
            pytest.raises(AlreadyRunning, match="another manage.py reencrypt works on"),
            working_on(tmp_path, "reencrypt"),
        ):
            pass
        with pytest.raises(AlreadyRunning, match="another command writes into"), alone_in(tmp_path / "out"):
            pass
        with working_on(tmp_path, FORGETTING):
            pass
        holder.kill()
    with working_on(tmp_path, "reencrypt"), alone_in(tmp_path / "out"):
        pass


def test_a_folder_that_was_moved_away_meanwhile_is_not_written_into(tmp_path, monkeypatch):
    opened = AlreadyRunning.__module__ + ".os.open"
    open_it = __import__("os").open

    def open_and_move(path, *arguments):
        descriptor = open_it(path, *arguments)
        path.rename(tmp_path / "whole")
        return descriptor

    monkeypatch.setattr(opened, open_and_move)
    with pytest.raises(AlreadyRunning), alone_in(tmp_path / "part"):
        pass


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("work", "command"),
    [
        ("reencrypt", ["reencrypt", "--plain"]),
        (FORGETTING, ["retain"]),
        (FORGETTING, ["purge", "--older-than", "1"]),
        (FORGETTING, ["subject", "+972501234567", "--forget", "--yes"]),
    ],
)
def test_of_two_commands_that_change_the_same_the_second_is_refused(tmp_path, settings, work, command):
    settings.VAR_DIR = tmp_path
    with working_on(tmp_path, work), pytest.raises(CommandError, match="^already_running: another manage.py "):
        call_command(*command)
    call_command(*command)


@pytest.mark.django_db
@pytest.mark.parametrize("command", [["retain", "--dry-run"], ["purge", "--older-than", "1", "--dry-run"]])
def test_a_dry_run_is_in_nobodys_way(tmp_path, settings, command):
    settings.VAR_DIR = tmp_path
    with working_on(tmp_path, FORGETTING):
        call_command(*command)
