"""All that a process leaves in VAR_DIR is its owner's alone, in a shell whose umask allows everything."""

import json
import os
import stat
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import connection

from calls.lab.call_report import CallReport
from calls.lab.kept_conversation import KeptConversation
from calls.lab.rig import Rig
from tests.paths import ROOT

LEAVES = """
import asyncio, json, os, pathlib
os.environ["DJANGO_SETTINGS_MODULE"] = "voiceapp.settings"
import django
django.setup()
from django.conf import settings
from django.db import connection
from calls.live.stream_record import StreamRecord
from calls.process.services import services
from calls.storage.journal import Journal
from stt.emulator.traces import Trace

connection.cursor().execute("CREATE TABLE calls (words TEXT)")
journal = Journal.begin(settings.VAR_DIR / "journal")
own = services()
own.disk.start()
record = StreamRecord(own.disk)
record.begin("CA1", "MZ1", 0)
record.said(0, bytes(160))
record.stopped(20)
record.finish()
own.disk.stop(10)
asyncio.run(own.voices.phrases.put("voice", "words", bytes(160)))
print(json.dumps([str(path) for path in settings.VAR_DIR.rglob("*") if path.stat().st_mode & 0o077]))
print(json.dumps(sorted({path.suffix or path.name for path in settings.VAR_DIR.rglob("*") if path.is_file()})))
print(json.dumps(bool(settings.VAR_DIR.stat().st_mode & 0o077)))
"""


def test_nothing_that_a_process_leaves_is_open_to_others(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DATABASE_URL"}}
    environment |= {"VAR_DIR": str(tmp_path / "var"), "DEBUG": "1", "ENV_FILE": ""}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LEAVES],
        cwd=ROOT,
        env=environment,
        umask=0,
        capture_output=True,
        text=True,
        check=True,
    )
    open_to_others, kinds, is_var_dir_open = map(json.loads, done.stdout.splitlines())
    assert open_to_others == [] and not is_var_dir_open
    assert {".journal", ".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".trace", ".vrec", ".ulaw", "secret_key"} <= {
        *kinds
    }


def test_an_upgrade_closes_what_stood_open(db, settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    (tmp_path / "recordings" / "20261127").mkdir(parents=True)
    recording = tmp_path / "recordings" / "20261127" / "CA1-MZ1.vrec"
    recording.touch()
    recording.chmod(0o644)
    monkeypatch.setattr("voiceapp.management.commands.migrate_once.call_command", lambda *args, **options: None)
    call_command("migrate_once", verbosity=0)
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600


def test_the_tests_own_database_is_closed(db):
    if connection.vendor == "sqlite":
        assert not os.stat(connection.settings_dict["NAME"]).st_mode & 0o077


def test_what_the_demo_writes_is_its_owners_alone(tmp_path, monkeypatch):
    folder, rig = tmp_path / "demo", Rig(tmp_path, tmp_path / "demo.log")
    monkeypatch.setattr(Rig, "_catch_endings", lambda self: (_ for _ in ()).throw(OSError))
    before = os.umask(0)
    try:
        conversation = KeptConversation("pizza", CallReport("CA1"), [], [], [], [])
        written = conversation.write_wav(folder)
        with pytest.raises(OSError):
            rig.__enter__()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, written, rig.log)] == [0o700, 0o600, 0o600]
