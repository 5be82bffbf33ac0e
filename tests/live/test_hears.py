"""``manage.py hears``: somebody's own recordings through real calls, heard on this machine."""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from importlib.util import find_spec

import pytest
from django.core.management import CommandError, call_command

from stt.engines import whisper
from tests.databases import put_migrated_database
from tests.paths import ROOT, SAMPLES

WEIGHTS = os.environ.get("WHISPER_DIR", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.wav", "broken_recording: none.wav: there is no such file."), ("demo.txt", "broken_recording: demo.txt: ")],
)
def test_a_recording_that_cannot_be_played_is_one_sentence(tmp_path, name, said):
    (tmp_path / "demo.txt").write_text("no sound")
    with pytest.raises(CommandError, match=f"^{re.escape(said)}"):
        call_command("hears", str(tmp_path / name))


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(whisper, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match=r"^whisper_missing: pip install -r requirements-whisper\.txt"):
        call_command("hears")


def test_weights_that_are_named_and_not_there_are_not_replaced_by_others(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(whisper, "find_spec", lambda _: object())
    settings.ENGINE_VARIABLES = settings.ENGINE_VARIABLES | {"WHISPER_DIR": str(tmp_path)}
    with pytest.raises(CommandError, match=r"^weights_missing: .* has no model\.bin"):
        call_command("hears")


@pytest.mark.live
@pytest.mark.skipif(
    not WEIGHTS or find_spec("faster_whisper") is None,
    reason="needs pip install -r requirements-whisper.txt, and WHISPER_DIR (manage.py whisper_weights)",
)
def test_a_recording_is_heard_through_a_call_and_the_admin_has_it(tmp_path):
    put_migrated_database(tmp_path)
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    said = subprocess.run(
        [sys.executable, "manage.py", "hears", "--once", str(SAMPLES / "answers_1.wav")],
        cwd=ROOT,
        env={**inherited, "DEBUG": "1", "TWILIO_AUTH_TOKEN": "demo", "VAR_DIR": str(tmp_path), "PORT": "8871"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert re.search(r"^ +1\. כן   \[LATENCY\] fallback, whisper: final \d+ ms$", said.stdout, re.MULTILINE)
    # Its server has ended with it: no address is given, and the rows are there.
    assert "http://" not in said.stdout
    with contextlib.closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        assert database.execute("select text, source, engine from calls_transcript").fetchall() == [
            ("כן", "fallback", "whisper")
        ]
