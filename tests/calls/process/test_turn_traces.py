"""A turn's timings as spans: made behind the calls, without words, and never waited for."""

import subprocess
import sys
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy
from calls.core.turns import Source, Turn
from calls.process import turn_traces
from calls.process.turn_traces import MS, TurnTraces, stages_of
from tests.paths import ROOT
from voiceapp.runtime import background, metrics

TURN = Turn(
    3, 1000, 2600, "שלום לך", Source.FINAL, rule="covering_final", engine="google", partial_ms=600, final_ms=700
)
TIMES = AnswerTimes("open", 400, -120, 200, 600, -50)
ANSWER = AgentTurn(5001, 3300, 4000, "כן, בבקשה", times=TIMES, made_by=MadeBy("scripted", "aoede"), answers=3)
NOW_NS = 10_000 * MS


def lasting(stages):
    return {one.name: ((one.begins_ns - NOW_NS) // MS, (one.ends_ns - NOW_NS) // MS) for one in stages}


def test_a_turns_stages_lie_where_its_time_went():
    assert lasting(stages_of(TURN, NOW_NS)) == {
        "turn": (-2300, 0),
        "speech": (-2300, -700),
        "first partial": (-2300, -1700),
        "text awaited": (-700, 0),
    }


def test_an_answers_stages_follow_each_other_to_its_first_frame():
    assert lasting(stages_of(ANSWER, NOW_NS)) == {
        "answer": (-600, 0),
        "floor": (-600, -200),
        "responder": (-200, -150),
        "voice": (-150, -80),
        "sending": (-80, 0),
    }


def test_what_was_not_measured_is_no_span():
    unheard = replace(TURN, partial_ms=None, final_ms=None)
    assert list(lasting(stages_of(unheard, NOW_NS))) == ["turn", "speech"]
    assert list(lasting(stages_of(replace(ANSWER, times=AnswerTimes()), NOW_NS))) == ["answer"]


@pytest.fixture
def exporter():
    pytest.importorskip("opentelemetry.sdk", reason="the extra is not installed")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra is not installed")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter, monkeypatch):
    """Not yet sent: a test does what the thread does."""
    monkeypatch.setattr(background.Worker, "start", lambda worker: None)
    traces = TurnTraces(exporter)
    traces.start()
    return traces


def test_a_turn_and_its_answer_are_one_trace_without_words(traces, exporter):
    traces.put("CA1", TURN)
    traces.put("CA1", ANSWER)
    traces.export()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert list(spans) == [
        *("turn", "speech", "first partial", "text awaited"),
        *("answer", "floor", "responder", "voice", "sending"),
    ]
    assert len({span.context.trace_id for span in spans.values()}) == 1
    assert len({span.context.span_id for span in spans.values()}) == 9
    turn, answer = spans["turn"], spans["answer"]
    assert turn.parent is None and answer.parent.span_id == turn.context.span_id
    assert {spans[name].parent.span_id for name in ("speech", "text awaited")} == {turn.context.span_id}
    assert spans["floor"].parent.span_id == answer.context.span_id
    assert dict(turn.attributes) == {
        "call.sid": "CA1",
        "turn.number": 3,
        "turn.source": "final",
        "turn.rule": "covering_final",
        "turn.engine": "google",
        "turn.attempts": 0,
    }
    assert answer.attributes["answer.voice"] == "aoede"
    assert not any(word in span.to_json() for span in spans.values() for word in ("שלום", "בבקשה", "\\u05e9"))
    assert turn.resource.attributes["service.name"] == "voiceapp"


def test_the_turns_of_two_calls_are_two_traces(traces, exporter):
    traces.put("CA1", TURN)
    traces.put("CA2", TURN)
    traces.export()
    assert len({span.context.trace_id for span in exporter.get_finished_spans()}) == 2


def test_a_collector_that_does_not_answer_costs_spans_and_nothing_else(traces, monkeypatch):
    lost = metrics.TURNS_UNTRACED._value.get()
    for _ in range(turn_traces.MOST_WAITING + 5):
        traces.put("CA1", TURN)
    assert metrics.TURNS_UNTRACED._value.get() == lost + 5


def test_what_the_collector_refuses_is_counted(traces, exporter, monkeypatch):
    from opentelemetry.sdk.trace.export import SpanExportResult

    lost = metrics.TURNS_UNTRACED._value.get()
    monkeypatch.setattr(exporter, "export", lambda spans: SpanExportResult.FAILURE)
    traces.put("CA1", TURN)
    traces.export()
    assert metrics.TURNS_UNTRACED._value.get() == lost + 1


def test_without_an_endpoint_nothing_is_kept(settings):
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
    traces = TurnTraces()
    traces.start()
    traces.put("CA1", TURN)
    assert traces._queue is None


def test_without_the_extra_it_says_what_to_install(settings, monkeypatch, caplog):
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318"
    for name in ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk.resources"):
        monkeypatch.setitem(sys.modules, name, None)
    traces = TurnTraces()
    traces.start()
    traces.put("CA1", TURN)
    assert "install requirements-otel.txt" in caplog.text and traces._queue is None


def test_who_wants_no_traces_does_not_import_the_extra():
    program = (
        "import django; django.setup(); from calls.process.services import services; services().traces.start(); "
        "import sys; print('opentelemetry.exporter' in sys.modules)"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert django_settings.OTEL_EXPORTER_OTLP_ENDPOINT == ""
