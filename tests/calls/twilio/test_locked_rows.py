"""Webhooks while somebody holds a lock on the rows: answered in time, as without a database."""

import sqlite3
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connections
from django.db.utils import load_backend

from calls.models import Call, SupervisorAction
from calls.twilio import webhooks
from tests.calls.twilio.test_webhooks import TOKEN, URL, post
from tests.databases import migrated_postgres, postgresql_url, shared_database  # noqa: F401 - fixtures
from tests.paths import ROOT
from voiceapp.environment import Environment

LITTLE_S = 0.2


@contextmanager
def locked(url):
    """By another process."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    tables = ", ".join(model._meta.db_table for model in (Call, SupervisorAction))
    with closing(psycopg.connect(url)) as other:
        other.execute(f"LOCK TABLE {tables}")
        yield


@pytest.fixture
def served(shared_database, settings, monkeypatch):  # noqa: F811
    """A database as a server has it, with its pool."""
    settings.REDIS_URL, settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "", TOKEN, URL
    monkeypatch.setattr(webhooks, "QUERY_S", LITTLE_S)
    values = connections.configure_settings({"default": Environment({"DATABASE_URL": shared_database}).database(ROOT)})
    kept = connections["default"]
    database = load_backend(values["default"]["ENGINE"]).DatabaseWrapper(values["default"], "default")
    connections["default"] = database
    yield shared_database
    database.close()
    if database.vendor == "postgresql":
        database.close_pool()
    connections["default"] = kept


def test_a_status_is_refused_and_a_call_whose_line_was_lost_has_the_fallback(served, client):
    with locked(served):
        assert post(client, "/twilio/status", CallStatus="completed", CallDuration="7").status_code == 503
        connections["default"].close()
        answer = post(client, "/twilio/after?lost=1", CallStatus="in-progress")
        assert answer.status_code == 200 and b"<Say" in answer.content
        connections["default"].close()
    assert post(client, "/twilio/status", CallStatus="completed", CallDuration="7").status_code == 204
    assert Call.objects.get().status == "completed"
