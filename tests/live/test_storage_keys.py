"""A storage key is changed while calls run, and everything still plays; what a box keeps of a call does not tell it."""

import base64
import os
import time

import pytest

from calls.storage.journal_files import journal_files
from calls.storage.recording import Recording
from stt.audio import ULAW_SILENCE, duration_ms
from tests.live.test_backup import ENDED, SAID, Kept, RunningCall, short_call
from tests.live.test_demo import manage
from tests.live.test_process import Process
from tests.storage_keys import NEW, OLD, under
from tests.waiting import eventually

pytestmark = pytest.mark.live
SERVE = ("manage.py", "serve", "--port")
OLD_FIRST, NEW_FIRST = (f"{one.text},{other.text}" for one, other in ((OLD, NEW), (NEW, OLD)))


def files_of(var_dir, sid):
    return sorted(var_dir.glob(f"recordings/*/{sid}-*"))


def keys_of(var_dir, *sids):
    """The names of the keys that the calls' files are encrypted by, as the files' own bytes have them."""
    heads = [path.read_bytes()[:48] for sid in sids for path in files_of(var_dir, sid)]
    return {(head if head.startswith(b"VENC") else base64.b64decode(head))[12:20].hex() for head in heads}


def says(paths, words):
    """Some of the words stand in the files' bytes."""
    kept = b"\n".join(path.read_bytes() for path in paths)
    return any(word.encode() in kept for word in words)


def reencrypt(var_dir, keys):
    done = manage("reencrypt", var_dir=var_dir, STORAGE_KEYS=keys)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plays_ms(box, sid, *keys):
    """How much of the call's sound these keys give."""
    with under(*keys):
        recording = Recording(box.recording(sid))
        _, ulaw = recording.ulaw()
    assert recording.is_whole, "it was not finished"
    assert ulaw.strip(ULAW_SILENCE), "it is silent"
    return duration_ms(ulaw)


def test_a_key_is_changed_while_a_call_runs_and_everything_still_plays(tmp_path, engine):
    box, environment = Kept(tmp_path, ""), {"STT_EMULATOR_HOST": engine, "DRAIN_TIMEOUT_S": "0"}
    with Process(tmp_path, *SERVE, **environment) as process:
        plain = short_call(process)
        box.rows_when(ENDED, plain)
    with Process(tmp_path, *SERVE, **environment, STORAGE_KEYS=OLD_FIRST) as first:
        over = short_call(first)
        box.rows_when(ENDED, over)
        with RunningCall(first) as running:
            words = {word for _, text in box.rows_when(SAID, running.sid) for word in text.split() if len(word) > 2}
            with Process(tmp_path, *SERVE, **environment, STORAGE_KEYS=NEW_FIRST) as second:
                new = short_call(second)
                box.rows_when(ENDED, new)
                journals = journal_files(tmp_path / "journal")
                assert len(journals) == 2 and all(path.stat().st_size for path in journals)
                assert says(files_of(tmp_path, plain), words)
                encrypted = [path for sid in (over, running.sid, new) for path in files_of(tmp_path, sid)]
                assert not says([*journals, *encrypted], [*words, running.sid, "words"])
                assert (keys_of(tmp_path, over, running.sid), keys_of(tmp_path, new)) == ({OLD.name}, {NEW.name})
                written_a_minute_ago(tmp_path, plain, over, new)
                said = reencrypt(tmp_path, NEW_FIRST)
                assert "2 files of running calls" in said and "1 journal " in said, said
                assert keys_of(tmp_path, plain, over, new) == {NEW.name}
                assert keys_of(tmp_path, running.sid) == {OLD.name}
        box.rows_when(ENDED, running.sid)
        lasted_ms = plays_ms(box, running.sid, OLD)
    written_a_minute_ago(tmp_path, running.sid)
    # The first process was killed: its journal goes to the next one that knows its key.
    with Process(tmp_path, *SERVE, **environment, STORAGE_KEYS=NEW_FIRST):
        assert eventually(lambda: not set(journals) & set(journal_files(tmp_path / "journal")), 30, 0.1)
    assert "not yet" not in reencrypt(tmp_path, NEW_FIRST)
    with Process(tmp_path, *SERVE, **environment, STORAGE_KEYS=NEW.text) as last:
        after = short_call(last)
        box.rows_when(ENDED, after)
    calls = (plain, over, new, running.sid, after)
    assert keys_of(tmp_path, *calls) == {NEW.name}
    assert all(plays_ms(box, sid, NEW) > 1000 for sid in calls)
    assert plays_ms(box, running.sid, NEW) == lasted_ms
    failed = manage("export_recording", over, "--out", str(tmp_path / "a.wav"), var_dir=tmp_path, STORAGE_KEYS=OLD.text)
    assert failed.returncode and f"storage_key_missing: {box.recording(over).name}" in failed.stderr


def written_a_minute_ago(var_dir, *sids):
    """As ``reencrypt`` waits for it."""
    for path in (path for sid in sids for path in files_of(var_dir, sid)):
        os.utime(path, (time.time() - 60, time.time() - 60))
