"""What a balancer and an operator ask."""

import io
import logging.config
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import BadRequest
from django.db import DatabaseError, connections

from calls.core.recognition_health import RecognitionStatus
from calls.process import health
from calls.process.services import services
from calls.storage.writer import Writer
from stt.engines.registry import EngineRegistry
from tests.fakes import FakeEngine
from voiceapp.runtime import background
from voiceapp.runtime.breaker import MAX_FAILURES

UNREAD = {"are_known": False, "are_being_read": True, "engine_names": (), "trouble": "", "unread": {}}
"""A line cache that has read nothing."""


@pytest.mark.django_db
def test_a_process_that_can_take_calls_is_ready(client):
    assert client.get("/healthz").json() == {"status": "up"}
    assert client.get("/readyz").json()["ready"] is True


@pytest.mark.django_db
def test_what_is_not_in_the_database_yet_is_told(client, monkeypatch):
    services().writer.flush(10)
    answer = client.get("/readyz").json()
    assert (answer["rows_behind_bytes"], answer["recovery"]) == (0, None)
    recovery = SimpleNamespace(path=Path("host-1.journal"), done_bytes=5, total_bytes=9)
    monkeypatch.setattr(Writer, "recovery", recovery)
    answer = client.get("/readyz").json()
    assert (answer["ready"], answer["recovery"]) == (True, {"journal": "host-1.journal", "done_bytes": 5, "bytes": 9})


@pytest.mark.django_db
def test_a_journal_that_cannot_be_read_is_told_and_is_no_reason_to_refuse_calls(client, monkeypatch):
    assert client.get("/readyz").json()["unreadable_journals"] == {}
    monkeypatch.setattr(Writer, "unreadable_journals", {"host-1.journal": "storage_key_missing"})
    answer = client.get("/readyz").json()
    assert (answer["ready"], answer["unreadable_journals"]) == (True, {"host-1.journal": "storage_key_missing"})


@pytest.mark.django_db
def test_rows_that_cannot_be_written_are_told_and_are_no_reason_to_refuse_calls(client, monkeypatch):
    assert client.get("/readyz").json()["rows_trouble"] == []
    monkeypatch.setattr(Writer, "trouble", ["rows_not_written"])
    answer = client.get("/readyz").json()
    assert (answer["ready"], answer["rows_trouble"]) == (True, ["rows_not_written"])


@pytest.mark.django_db
def test_a_thread_that_ended_is_a_reason_and_one_that_fails_is_told(client, monkeypatch):
    assert client.get("/readyz").json()["threads"] == {}
    monkeypatch.setattr(background, "unwell", lambda: {"recording": background.Unwell.ENDED})
    response = client.get("/readyz")
    assert (response.status_code, response.json()["reasons"]) == (503, ["thread_ended"])
    assert response.json()["threads"] == {"recording": "ended"}
    monkeypatch.setattr(background, "unwell", lambda: {"line-cache": background.Unwell.FAILING})
    response = client.get("/readyz")
    assert (response.status_code, response.json()["threads"]) == (200, {"line-cache": "failing"})


@pytest.mark.django_db
def test_a_process_that_has_not_read_its_lines_is_not_while_the_database_answers(client, monkeypatch):
    monkeypatch.setattr(services(), "lines", lines := SimpleNamespace(**UNREAD))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["reasons"]) == (503, ["lines_unread"])
    lines.are_known, lines.are_being_read = True, False
    response = client.get("/readyz")
    assert (response.status_code, response.json()["lines"]) == (200, "known")


@pytest.mark.django_db
def test_settings_that_cannot_be_read_are_told(client, monkeypatch):
    told = {"trouble": "settings_unreadable", "unread": {"line 3": "ValidationError"}}
    monkeypatch.setattr(services(), "lines", SimpleNamespace(**UNREAD | {"are_being_read": False} | told))
    answer = client.get("/readyz").json()
    assert answer["settings_trouble"] == "settings_unreadable"
    assert answer["settings_unread"] == {"line 3": "ValidationError"}


@pytest.mark.django_db
def test_a_draining_process_is_not(client, monkeypatch):
    monkeypatch.setattr(services().admission, "draining", True)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["reasons"]) == (503, ["draining"])


def test_a_lost_database_is_told_and_is_no_reason_to_refuse_calls(client, monkeypatch):
    monkeypatch.setattr(services(), "lines", SimpleNamespace(**UNREAD))

    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(health.connection, "cursor", away)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"], response.json()["lines"]) == (200, "down", "unknown")


@pytest.mark.django_db
def test_a_pool_that_gave_others_no_connection_is_told(client, monkeypatch):
    assert client.get("/readyz").json()["database"] == "up"
    monkeypatch.setattr(connections["default"], "is_crowded", True, raising=False)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (200, "crowded")


@pytest.mark.django_db
def test_how_calls_are_heard_is_told_and_is_no_reason_to_refuse_more(client, monkeypatch):
    assert client.get("/readyz").json()["hearing"] == "streaming"
    states = [RecognitionStatus.STREAMING, RecognitionStatus.STREAMING, RecognitionStatus.DOWN]
    monkeypatch.setattr(services().calls, "recognition_statuses", lambda: list(states))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["hearing"]) == (200, "down")
    metrics = client.get("/metrics").content.decode()
    assert 'voiceapp_calls_hearing{state="streaming"} 2.0' in metrics
    assert 'voiceapp_calls_hearing{state="degraded"} 0.0' in metrics
    monkeypatch.setattr(services().calls, "recognition_statuses", list)
    monkeypatch.setattr(services().recognition.streaming.breaker, "failures", MAX_FAILURES)
    assert client.get("/readyz").json()["hearing"] == "degraded"


@pytest.mark.django_db
def test_an_engine_that_did_not_answer_the_probe_is_down_before_the_first_call(client, monkeypatch):
    monkeypatch.setattr(services().recognition.streaming, "probe_failure", "client_failed")
    response = client.get("/readyz")
    assert response.status_code == 200
    said = {name: response.json()[name] for name in ("ready", "recogniser", "recogniser_code", "hearing")}
    assert said == {"ready": True, "recogniser": "down", "recogniser_code": "client_failed", "hearing": "down"}
    monkeypatch.setattr(services().recognition.streaming, "probe_failure", "")
    assert client.get("/readyz").json()["recogniser"] == "up"


@pytest.mark.django_db
def test_an_engine_that_is_down_degrades_no_call_while_another_one_hears(client, monkeypatch):
    engines = EngineRegistry({name: lambda endpoint: FakeEngine() for name in ("google", "second")})
    recognition = engines.of_profiles()
    recognition.named = lambda: ("google", "second")
    monkeypatch.setattr(services(), "recognition", recognition)
    first, second = recognition.in_use
    first.breaker.failures = MAX_FAILURES
    assert [client.get("/readyz").json()[name] for name in ("recogniser", "hearing")] == ["up", "streaming"]
    second.breaker.failures = MAX_FAILURES
    assert [client.get("/readyz").json()[name] for name in ("recogniser", "hearing")] == ["down", "degraded"]


def test_metrics_are_prometheus_text(client):
    assert b"# TYPE voiceapp_calls_live gauge" in client.get("/metrics").content


HOSTS = ["10.42.0.17:8000", "web", "voiceapp.calls.svc.cluster.local", "no such host", "\xff", "a" * 5000]


@pytest.mark.django_db
@pytest.mark.parametrize("host", HOSTS)
def test_who_watches_may_ask_by_any_name(client, host):
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path, HTTP_HOST=host).status_code == 200


@pytest.fixture
def log(settings):
    """What settings.LOGGING writes."""
    written = io.StringIO()
    config = {**settings.LOGGING, "handlers": {"stderr": {**settings.LOGGING["handlers"]["stderr"], "stream": written}}}
    logging.config.dictConfig(config)
    yield written
    logging.config.dictConfig(settings.LOGGING)


@pytest.mark.django_db
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/console/", "/twilio/voice", "/healthz/", "/nowhere"])
def test_nobody_else_may_and_it_is_one_line_of_the_log(client, log, path, host):
    assert client.get(path, HTTP_HOST=host).status_code == 400
    (line,) = log.getvalue().splitlines()
    assert "django.security.DisallowedHost Invalid HTTP_HOST header" in line
    assert len(line) < 400


def test_what_else_django_refuses_for_its_form_is_one_line_too(client, log, settings):
    settings.TWILIO_AUTH_TOKEN = "t"
    fields = {f"a{number}": "" for number in range(1001)}
    assert client.post("/twilio/voice", fields, HTTP_X_TWILIO_SIGNATURE="x").status_code == 400
    (line,) = log.getvalue().splitlines()
    assert "django.security.TooManyFieldsSent" in line


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xffb\r\n--x--\r\n'
UNREADABLE = [
    (f"{FORM}; charset=utf-7", b"a=+2AA-"),
    (f"{FORM}; charset=hex", b"a=b"),
    (PARTS, b"a=b"),
    (f"{PARTS}; boundary=", PART),
    (f"{PARTS}; boundary=x; charset=hex", PART),
    (f"{PARTS}; boundary=x; charset=idna", PART),
    (f"{PARTS}; boundary=x; charset=undefined", PART),
]


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(("content_type", "body"), UNREADABLE)
@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/status", "/admin/login/", "/i18n/setlang/", "/nowhere"])
def test_a_body_that_is_no_form_is_refused_in_a_line(client, log, settings, path, content_type, body, debug):
    settings.TWILIO_AUTH_TOKEN, settings.DEBUG = "t", debug
    answer = client.generic("POST", path, body, content_type, HTTP_X_TWILIO_SIGNATURE="x")
    assert (answer.status_code, answer.content) == (400, b"bad_body")
    (line,) = log.getvalue().splitlines()
    assert line.endswith(f"django.request Bad Request: {path}")


def test_whatever_a_page_refuses_as_a_bad_request_is_one_line(client, log, monkeypatch):
    def refuse(*_):
        raise BadRequest("no form")

    monkeypatch.setattr(health.common.CommonMiddleware, "process_request", refuse)
    assert client.get("/admin/").status_code == 400
    (line,) = log.getvalue().splitlines()
    assert line.endswith("django.request no form: /admin/")
