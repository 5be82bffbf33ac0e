"""``manage.py export_calls``: a call is one JSON object."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.management.commands import export_calls
from calls.storage.records import CallEnded, CallStarted
from calls.storage.rows import write
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from tests.databases import put_migrated_database, served_by
from tests.paths import ROOT
from tests.waiting import COMMAND_S

pytestmark = pytest.mark.django_db


def test_the_export_is_one_object_a_call_with_its_turns_in_speech_order():
    write([STARTED, turn(number=2, started_ms=900, ended_ms=1000), turn(), ENDED])
    out = StringIO()
    call_command("export_calls", "--format", "jsonl", "--call", "CA1", stdout=out)
    (line,) = out.getvalue().splitlines()
    call = json.loads(line)
    assert (
        list(call)
        == (
            "call_sid stream_sid from_number to_number started_at ended_at status end_reason frames_received "
            "frames_lost speech_ms tuning turns"
        ).split()
    )
    assert (
        list(call["turns"][0])
        == (
            "number speaker started_ms ended_ms text revised_text source unvoiced engine model attempts partial_ms "
            "final_ms total_ms"
        ).split()
    )
    assert [t["number"] for t in call["turns"]] == [1, 2]


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    write([STARTED, turn(), ENDED])
    out, printed, told = tmp_path / "calls.jsonl", StringIO(), StringIO()
    call_command("export_calls", stdout=printed)
    call_command("export_calls", "--out", str(out), stdout=told)
    assert out.read_text("utf-8") == printed.getvalue()
    assert told.getvalue() == f"1 call in {out}\n"
    monkeypatch.setattr(export_calls, "line", lambda call: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call_command("export_calls", "--out", str(out))
    assert [path.name for path in tmp_path.iterdir()] == ["calls.jsonl"]
    assert out.read_text("utf-8") == printed.getvalue()


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match="^not_written: .*No such file"):
        call_command("export_calls", "--out", str(tmp_path / "none" / "calls.jsonl"))


def test_a_turn_of_our_own_words_given_back_is_marked():
    write([STARTED, turn(), turn(number=2, started_ms=5000, ended_ms=6000, echo=True), ENDED])
    out = StringIO()
    call_command("export_calls", stdout=out)
    assert [turn.get("echo") for turn in json.loads(out.getvalue())["turns"]] == [None, True]


def test_the_export_lists_the_streams_of_a_call_that_lost_its_socket():
    again = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9), process="b:2")
    write([again, STARTED, CallEnded("CA1", "MZ1", NOW + timedelta(seconds=8), "crashed", 100, 2, 1500)])
    out = StringIO()
    call_command("export_calls", stdout=out)
    streams = json.loads(out.getvalue())["streams"]
    assert [(s["stream_sid"], s["end_reason"], s["process"]) for s in streams] == [
        ("MZ1", "crashed", ""),
        ("MZ2", None, "b:2"),
    ]


@pytest.mark.parametrize("calls", [1, 400], ids=["at the end", "on the way"])
def test_a_reader_that_has_enough_ends_the_export_without_a_word(calls, tmp_path):
    put_migrated_database(tmp_path / "db.sqlite3")
    with served_by(f"sqlite:///{tmp_path / 'db.sqlite3'}"):
        write(CallStarted(f"CA{i}", "MZ1", NOW, "+972501234567") for i in range(calls))
    environment = {**os.environ, "DATABASE_URL": "", "VAR_DIR": str(tmp_path), "DEBUG": "1"}
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "manage.py", "export_calls"]
    said = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=writes, stderr=subprocess.PIPE, text=True, timeout=COMMAND_S
    )
    os.close(writes)
    assert (said.returncode, said.stderr) == (141, "")


def test_an_unknown_call_is_one_clear_sentence():
    with pytest.raises(CommandError, match="unknown_call"):
        call_command("export_calls", "--call", "CAnone")
