"""The demo on a real daphne, real sockets, real gRPC: one short call, and what its log says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.live

PORT = 8931 + 10 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Where this process's servers begin to look for a port: tests that run at a time have others."""


def manage(*arguments, var_dir, **environment):
    values = {"DEBUG": "1", "TWILIO_AUTH_TOKEN": "demo", "VAR_DIR": str(var_dir), "PORT": str(PORT), **environment}
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**inherited, **values},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_demo_hears_every_word_and_logs_what_was_promised(tmp_path):
    assert manage("migrate", "-v0", var_dir=tmp_path).returncode == 0
    done = manage("demo", "--once", "--only", "answers", var_dir=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5. כן" in done.stdout
    log = (tmp_path / "demo.log").read_text("utf-8")
    for line in (
        "🚀 Streaming STT enabled: True",
        "✅ [STT] Selected model: default (enhanced=True)",
        "✅ [STT] Streaming started (attempt 1)",
        "[LATENCY] turn=1 ",
    ):
        assert line in log
    assert "כן" not in log
    exported = json.loads(manage("export_calls", var_dir=tmp_path).stdout)
    assert [turn["number"] for turn in exported["turns"]] == [1, 2, 3, 4, 5]
    assert exported["status"] == "completed"


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


def test_nobody_answering_is_one_clear_sentence(tmp_path):
    done = manage("simulate_call", "samples/answers_1.wav", "--base-url", "http://127.0.0.1:1", var_dir=tmp_path)
    assert "unreachable" in done.stderr


def test_a_broken_recording_is_one_clear_sentence(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not a wav")
    done = manage("simulate_call", str(broken), var_dir=tmp_path)
    assert "broken_recording" in done.stderr
    assert "Traceback" not in done.stderr
