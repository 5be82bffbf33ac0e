"""Which server simulate_call calls, and what it says when it cannot."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.demo_note import NAME, noted, running_demo, running_demos_voice
from calls.lab.simulator import SimulatedCall
from calls.management.commands import simulate_call

DEMO = Line("http://127.0.0.1:8137", "http://127.0.0.1:8137", "of-the-demo", "+97235550116")

pytestmark = pytest.mark.django_db


@pytest.fixture
def called(settings, tmp_path, monkeypatch):
    """The lines that were called."""
    settings.VAR_DIR, settings.PORT = tmp_path, 8001
    settings.PUBLIC_URL, settings.TWILIO_AUTH_TOKEN = "https://voice.example.org", "of-the-owner"
    lines = []

    async def run(self):
        lines.append(self.line)
        return CallReport(self.call_sid, late_ms=[0.0])

    monkeypatch.setattr(SimulatedCall, "run", run)
    return lines


def test_a_running_demo_is_found_and_one_that_is_gone_is_not(tmp_path):
    assert running_demo(tmp_path) is None
    assert running_demos_voice(tmp_path) == ""
    with noted(DEMO, tmp_path, "127.0.0.1:1"):
        assert running_demo(tmp_path) == DEMO
        assert running_demos_voice(tmp_path) == "127.0.0.1:1"
        assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
        text = (tmp_path / NAME).read_text()
    assert running_demo(tmp_path) is None
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for left in (text.replace(str(os.getpid()), str(ended.pid)), "", "[]", "{}", '{"pid": "x"}'):
        (tmp_path / NAME).write_text(left)
        assert running_demo(tmp_path) is None


def test_the_demo_that_runs_is_called_unless_another_server_is_named(called, tmp_path):
    with noted(DEMO, tmp_path):
        call_command("simulate_call", "x.wav", "--to", "+97231234567")
        call_command("simulate_call", "x.wav", "--base-url", DEMO.base_url)
        call_command("simulate_call", "x.wav", "--base-url", "http://127.0.0.1:9000")
    call_command("simulate_call", "x.wav")
    assert [(line.base_url, line.public_url, line.auth_token) for line in called] == [
        (DEMO.base_url, DEMO.public_url, "of-the-demo"),
        (DEMO.base_url, DEMO.public_url, "of-the-demo"),
        ("http://127.0.0.1:9000", "https://voice.example.org", "of-the-owner"),
        ("http://127.0.0.1:8001", "https://voice.example.org", "of-the-owner"),
    ]
    its_own, of_nobody = DEMO.to_number, "+97235550100"
    assert [line.to_number for line in called] == ["+97231234567", its_own, of_nobody, of_nobody]


@pytest.mark.parametrize(("code", "said"), [("webhook_403", "TWILIO_AUTH_TOKEN"), ("no_stream", "says no_stream$")])
def test_a_refusal_says_by_whom_and_what_to_look_at(called, monkeypatch, code, said):
    async def run(self):
        raise CallRefused(code)

    monkeypatch.setattr(SimulatedCall, "run", run)
    with pytest.raises(CommandError, match=f"call_refused: http://127.0.0.1:8001 .*{said}"):
        call_command("simulate_call", "x.wav")


def test_what_cannot_be_played_is_one_sentence_each(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a wav")
    said = {}
    for name in ("empty.wav", "text.wav", "missing.wav", "."):
        with pytest.raises(CommandError, match="^broken_recording: ") as refused:
            call_command(simulate_call.Command(), str(tmp_path / name))
        said[name] = str(refused.value)
    assert len(set(said.values())) == 4
    assert all("\n" not in text for text in said.values())
