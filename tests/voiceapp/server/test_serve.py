"""Where a server listens, and what it says when it cannot."""

import os
import socket
import subprocess
import sys

import pytest
from django.core.management import get_commands, load_command_class

from tests.paths import ROOT
from tests.waiting import COMMAND_S


def serve(folder, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DEBUG": "1",
            "VAR_DIR": str(folder),
            "DATABASE_URL": "",
            "TWILIO_AUTH_TOKEN": "t",
            "STT_EMULATOR_HOST": "127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_an_address_of_another_machine_is_said_of_host(tmp_path):
    done = serve(tmp_path, "--host", "192.0.2.1", "--port", "0")
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("CommandError: port_unavailable: 192.0.2.1:")
    assert said.endswith("Set HOST to an address of this machine.")


def test_a_port_that_is_taken_is_one_sentence_and_not_success(tmp_path, taken):
    done = serve(tmp_path, "--host", "127.0.0.1", "--port", str(taken))
    said = done.stderr.strip().splitlines()
    assert done.returncode == 1
    assert said[-1].startswith(f"CommandError: port_unavailable: 127.0.0.1:{taken}: ")
    assert not [line for line in said if "Traceback" in line or "CRITICAL" in line]
    assert said[-1].endswith("Set PORT to one that is free.")
    # Nothing was begun that another server does already.
    assert not (tmp_path / "journal").exists()


def test_an_address_that_is_not_ours_is_one_sentence_and_not_success(tmp_path):
    done = serve(tmp_path, "--host", "192.0.2.1", "--port", "0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    done = serve(tmp_path, "--unix", str(tmp_path / "none" / "http.sock"))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("CommandError: port_unavailable: ")
    assert "Traceback" not in done.stderr


def test_runserver_serves_sockets_too():
    command = load_command_class(get_commands()["runserver"], "runserver")
    assert type(command).__module__ == "daphne.management.commands.runserver"
