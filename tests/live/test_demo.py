"""The demo under somebody's eyes, and the commands beside it."""

import audioop
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import wave

import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.databases import put_migrated_database, row_of_ended_call, rows_of
from tests.paths import ROOT
from tests.waiting import COMMAND_S, PATIENCE_S

pytestmark = pytest.mark.live

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORT = 8931 + 10 * WORKER
"""Where this process's servers begin to look for a port: tests that run at a time have others."""


def environment_of(var_dir):
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return {**inherited, "DEBUG": "1", "TWILIO_AUTH_TOKEN": "demo", "VAR_DIR": str(var_dir), "PORT": str(PORT)}


def manage(*arguments, var_dir, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**environment_of(var_dir), **environment},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


class Demo:
    """``manage.py demo`` under somebody's eyes, until left."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        put_migrated_database(self.folder)
        self.process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", "demo", "--only", "answers"],
            cwd=ROOT,
            env=environment_of(self.folder),
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_):
        # Not killed: its server and its emulator would outlive it.
        self.process.terminate()
        self.process.wait(COMMAND_S)
        self.process.stdout.close()

    def wait_for(self, text):
        for line in self.process.stdout:
            if text in line:
                return
        raise AssertionError(f"the demo never said {text}")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@contextlib.contextmanager
def hang_up_means(handler):
    """To what is started meanwhile; a run of these tests may itself be one that outlives its terminal."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_closes_ends_all_processes(tmp_path, number):
    with hang_up_means(signal.SIG_DFL), Demo(tmp_path) as demo:
        demo.wait_for("calling: ")
        children = psutil.Process(demo.process.pid).children(recursive=True)
        assert len(children) >= 2
        demo.process.send_signal(number)
        assert demo.process.wait(COMMAND_S) == 128 + number
        assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == []
        assert not (tmp_path / "demo.json").exists()


def test_a_demo_that_is_to_outlive_its_terminal_does(tmp_path):
    with hang_up_means(signal.SIG_IGN), Demo(tmp_path) as demo:
        demo.wait_for("calling: ")
        demo.process.send_signal(signal.SIGHUP)
        demo.wait_for("[LATENCY]")
        demo.process.terminate()
        assert demo.process.wait(COMMAND_S) == 128 + signal.SIGTERM


def test_a_recording_is_played_to_the_demo_that_runs_beside(tmp_path):
    """Known audio gets its words, other audio none: the emulator makes nothing up."""
    resampled = tmp_path / "stereo.wav"
    with wave.open(str(ROOT / "samples" / "order_1.wav")) as one, wave.open(str(resampled), "wb") as other:
        pcm, _ = audioop.ratecv(one.readframes(one.getnframes()), 2, 1, 8000, 44_100, None)
        other.setparams((2, 2, 44_100, 0, "NONE", ""))
        other.writeframes(audioop.tostereo(pcm, 2, 1, 1))
    with Demo(tmp_path) as demo:
        demo.wait_for("password: ")
        assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600
        # Another token and port than the demo's, as of an owner's own server.
        theirs = {"TWILIO_AUTH_TOKEN": "other", "PORT": "8931", "PUBLIC_URL": "https://voice.example.org"}
        for path in ("samples/order_1.wav", str(resampled)):
            done = manage("simulate_call", path, var_dir=tmp_path, **theirs)
            assert done.returncode == 0 and "unknown_line" not in done.stderr, done.stderr
            sid = re.search(r"/console/calls/(CA\w+)", done.stdout)[1]
            row_of_ended_call(tmp_path, sid)
            turns = json.loads(manage("export_calls", "--call", sid, var_dir=tmp_path).stdout)["turns"]
            assert turns and {turn["engine"] for turn in turns} == {"emulator"}
            if path == str(resampled):
                assert "emulator_unknown" in [
                    row["code"] for row in rows_of(tmp_path, "SELECT code FROM calls_transcript")
                ]
                assert [(turn["text"], turn["source"]) for turn in turns] == [("", "none")] * len(turns)
            else:
                assert all(turn["text"] for turn in turns)


@pytest.mark.parametrize(
    ("variable", "value"), [("STT_BATCH_MS", "5"), ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere"), ("PUBLIC_URL", "no")]
)
def test_a_bad_setting_stops_serving_with_one_sentence_and_not_migrating(tmp_path, variable, value):
    environment = {"STT_EMULATOR_HOST": "" if variable.startswith("GOOGLE") else "127.0.0.1:9", variable: value}
    served = manage("serve", var_dir=tmp_path, **environment)
    assert served.returncode != 0
    assert variable in served.stderr
    assert len(served.stderr.strip().splitlines()) == 1
    assert manage("check", var_dir=tmp_path, **environment).returncode == 0


def test_nobody_answering_is_one_clear_sentence():
    with pytest.raises(CommandError, match=r"^unreachable: .*$"):
        call_command("simulate_call", "samples/answers_1.wav", "--base-url", "http://127.0.0.1:1")


@pytest.mark.django_db
def test_a_broken_recording_is_one_clear_sentence(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not a wav")
    with pytest.raises(CommandError, match=r"^broken_recording: .*$"):
        call_command("simulate_call", str(broken))
