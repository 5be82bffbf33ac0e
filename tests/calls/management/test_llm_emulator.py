"""``manage.py llm_emulator``: the language model's stand-in in a process of its own."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from django.core.management import CommandError, call_command

from tests.paths import ROOT
from tests.waiting import COMMAND_S


def test_a_port_that_is_taken_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="^port_unavailable: "):
            call_command("llm_emulator", "--port", str(taken.getsockname()[1]))


def test_a_script_that_cannot_be_used_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="^bad_script: "):
        call_command("llm_emulator", "--script", str(tmp_path / "none.json"))


@pytest.mark.live
def test_it_answers_by_its_script_until_it_is_told_to_end(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"when": "", "say": "emulated"}]))
    emulator = subprocess.Popen(
        [sys.executable, "manage.py", "llm_emulator", "--script", str(script), "--first", "0", "--fault", "no-usage"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = emulator.stdout.readline().split()[-1]
        body = json.dumps({"stream": True, "messages": [{"role": "user", "content": "?"}]}).encode()
        with urllib.request.urlopen(f"{address}/chat/completions", body, timeout=COMMAND_S) as answer:  # noqa: S310
            assert b"emulated" in answer.read()
        emulator.send_signal(signal.SIGTERM)
        assert emulator.communicate(timeout=COMMAND_S)[0] == "answered 1 requests, 0 closed by their clients\n"
    finally:
        emulator.kill()
        emulator.wait()
