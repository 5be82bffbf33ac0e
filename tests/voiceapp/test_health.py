"""What a balancer and an operator ask."""

import pytest
from django.db import DatabaseError

from calls import admission
from calls.store import writer
from voiceapp import health


@pytest.mark.django_db
def test_a_process_that_can_take_calls_is_ready(client):
    writer()
    assert client.get("/healthz").json() == {"status": "up"}
    assert client.get("/readyz").json()["ready"] is True


@pytest.mark.django_db
def test_a_draining_process_is_not(client, monkeypatch):
    writer()
    monkeypatch.setattr(admission, "draining", True)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["reasons"]) == (503, ["draining"])


def test_a_lost_database_is_told_and_is_no_reason_to_refuse_calls(client, monkeypatch):
    writer()

    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(health.connection, "cursor", away)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (200, "down")


def test_metrics_are_prometheus_text(client):
    assert b"# TYPE voiceapp_calls_live gauge" in client.get("/metrics").content
