"""Two calls over the whole path (a real daphne, real sockets, real gRPC): what is said, logged and kept of them."""

import json
import wave

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
    done = manage("demo", "--once", "--only", "answers", "repeat", var_dir=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_demo_hears_every_word_and_logs_what_was_promised(demo, folder):
    assert "5. כן" in demo.stdout
    lines = demo.stdout.splitlines()
    first_call = next(i for i, line in enumerate(lines) if "calling: " in line)
    for where in ("/admin/", "/console/", "password: "):
        assert any(where in line for line in lines[:first_call]), where
    assert sum("[LATENCY]" in line for line in lines if line.strip().startswith("answers")) == 5
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
    now, exported = as_before(folder, "+972501234504")
    assert [turn["number"] for turn in exported["turns"]] == [1, 2, 3, 4, 5]
    assert exported["status"] == "completed"
    assert {turn["engine"] for turn in exported["turns"]} == {"emulator"}


def test_the_demo_shows_what_the_line_answered_and_who_spoke_when(demo, folder):
    now, exported = as_before(folder, "+972501234507")
    answers = [turn for turn in exported["turns"] if turn["speaker"] == "agent"]
    assert [answer["floor_rule"] for answer in answers] == ["opening", "open", "open", "open"]
    assert now["said"][1:] == ["שלום מי מדבר", "אני רוצה לקבל חשבון על הטיפול", "תודה רבה"]
    for answer in answers:
        latency = f"[LATENCY] {answer['floor_rule']}: floor "
        assert any(answer["text"] in line and latency in line and line.endswith("emulated") for line in shown(demo))
    spoken = demo.stdout.partition("who spoke when")[2].partition("both sides")[0].strip().splitlines()
    who = [line.split(" s  ")[1].split()[0] for line in spoken]
    assert who == ["line", "caller", "line", "caller", "caller", "line", "caller", "line"]
    # The question's beginning was answered already when the caller went on: silently given up.
    assert answers[2]["withdrawals"] >= 1
    assert f"{answers[2]['withdrawals']} withdrawn before it" in demo.stdout
    with wave.open(str(folder / "demo" / "repeat.wav")) as wav:
        assert wav.getnchannels() == 2
        assert wav.getnframes() / wav.getframerate() > exported["turns"][-1]["ended_ms"] / 1000 - 1


def shown(demo):
    return demo.stdout.splitlines()


def as_before(folder, from_number):
    """The export of a caller's call, frozen and as it is; frozen it is the golden one."""
    export = manage("export_calls", var_dir=folder).stdout
    (line,) = [line for line in export.splitlines() if from_number in line]
    (now,) = golden_demo.frozen(line)
    (before,) = [call for call in golden_demo.kept() if call["from_number"] == from_number]
    assert golden_demo.in_order(now) == golden_demo.in_order(before)
    return now, json.loads(line)


@pytest.mark.usefixtures("demo")
def test_a_real_call_heard_again_at_its_own_settings_is_what_was_stored(folder):
    done = manage("whatif", "--last", "5", var_dir=folder)
    assert "9 of 9 turns as stored" in done.stdout, done.stdout + done.stderr
    assert "turns changed: none" in done.stdout
    assert "they begin 3 same; interruptions: 4 same" in done.stdout
    assert "4 of 4 answers as stored" in done.stdout
    other = manage("whatif", "--last", "5", "--set", "vad_hangover_ms=900", var_dir=folder).stdout
    assert "9 of 9 turns as stored" in other
