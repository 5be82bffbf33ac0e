"""One short call over the whole path (a real daphne, real sockets, real gRPC): what is said, logged and kept of it."""

import json

import pytest

from benchmarks import golden_demo
from tests.databases import put_migrated_database
from tests.live.test_demo import manage

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The VAR_DIR of a demo."""
    folder = tmp_path_factory.mktemp("played")
    put_migrated_database(folder)
    return folder


@pytest.fixture(scope="module")
def demo(folder):
    """A demo that is over."""
    done = manage("demo", "--once", "--only", "answers", var_dir=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_demo_hears_every_word_and_logs_what_was_promised(demo, folder):
    assert "5. כן" in demo.stdout
    lines = demo.stdout.splitlines()
    first_call = next(i for i, line in enumerate(lines) if "calling: " in line)
    for where in ("/admin/", "/console/", "password: "):
        assert any(where in line for line in lines[:first_call]), where
    assert sum("[LATENCY]" in line for line in lines) == 5
    assert not [line for line in lines if "…" in line]
    log = (folder / "demo.log").read_text("utf-8")
    for line in (
        "🚀 Streaming STT enabled: True",
        "✅ [STT] Selected model: default (enhanced=True)",
        "✅ [STT] Streaming started (attempt 1)",
        "[LATENCY] turn=1 ",
    ):
        assert line in log
    assert "כן" not in log
    export = manage("export_calls", var_dir=folder).stdout
    exported = json.loads(export)
    assert [turn["number"] for turn in exported["turns"]] == [1, 2, 3, 4, 5]
    assert exported["status"] == "completed"
    assert {turn["engine"] for turn in exported["turns"]} == {"emulator"}
    (now,) = golden_demo.frozen(export)
    (before,) = [call for call in golden_demo.kept() if call["from_number"] == now["from_number"]]
    assert golden_demo.in_order(now) == golden_demo.in_order(before)


@pytest.mark.usefixtures("demo")
def test_a_real_call_heard_again_at_its_own_settings_is_what_was_stored(folder):
    done = manage("whatif", "--last", "5", var_dir=folder)
    assert "5 of 5 turns as stored" in done.stdout, done.stdout + done.stderr
    assert "turns changed: none" in done.stdout
    other = manage("whatif", "--last", "5", "--set", "vad_hangover_ms=900", var_dir=folder).stdout
    assert "5 of 5 turns as stored" in other
