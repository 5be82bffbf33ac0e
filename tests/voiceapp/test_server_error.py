"""A database that is away is a 503 that says when to ask again, in one line of the log; a fault of ours stays a 500."""

import io
import logging.config
import sqlite3

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connections
from django.test import Client

from calls.api.models import ApiToken, Scope
from calls.api.problems import MEDIA_TYPE
from tests.voiceapp.test_postgresql import AWAY, LITTLE_S, pooled
from voiceapp.runtime.away import RETRY_S, is_away

PAGES = ["/admin/", "/admin/login/", "/console/", "/admin/calls/call/", "/account/verify/"]
API = ["/api/v1/calls", "/api/v1/calls/CA1", "/api/v1/calls/CA1/turns"]


@pytest.fixture
def log(settings):
    """What settings.LOGGING writes, without the pool's own words, one of which has a second line."""
    written = io.StringIO()
    config = {**settings.LOGGING, "handlers": {"stderr": {**settings.LOGGING["handlers"]["stderr"], "stream": written}}}
    logging.config.dictConfig(config)
    of_pool = ("psycopg.pool", "\tIs the server running")
    yield lambda: [line for line in written.getvalue().splitlines() if not any(said in line for said in of_pool)]
    logging.config.dictConfig(settings.LOGGING)


@pytest.fixture
def browser(db):
    """Of somebody who has signed in while there was a database."""
    client = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("dana"))
    return client


@pytest.fixture
def token(db):
    token = ApiToken(name="CRM", scopes=Scope.values, all_lines=True)
    text = token.renew()
    token.save()
    return text


@pytest.fixture
def away(browser, token):
    """From now on."""
    kept = connections["default"]
    with pooled(AWAY, timeout=LITTLE_S) as (database, _):
        connections["default"] = database
        yield
        connections["default"] = kept


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_that_the_database_is_away_and_when_to_ask_again(browser, away, log, path):
    answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_S))
    assert "The database does not answer" in answer.content.decode()
    (line,) = log()
    assert line.endswith(f"django.request Service Unavailable: {path}")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", API)
def test_the_api_says_it_as_a_problem_also_to_a_signed_in_browser(browser, token, away, log, settings, path, debug):
    settings.DEBUG = debug
    answer = browser.get(path, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (503, str(RETRY_S), MEDIA_TYPE)
    assert answer.json()["code"] == "database_away"
    (line,) = log()
    assert line.endswith(f"django.request Service Unavailable: {path}")


def test_who_watches_is_answered_in_a_signed_in_browser_too(browser, away, log):
    assert browser.get("/readyz").json()["database"] == "down"
    assert [browser.get(path).status_code for path in ("/healthz", "/metrics")] == [200, 200]
    assert log() == []


def test_a_fault_of_ours_is_a_500_with_its_traceback(browser, monkeypatch, log):
    def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("calls.desk.sign_in.sessions.is_over", fails)
    assert browser.get("/console/").status_code == 500
    assert "ZeroDivisionError" in log()


def as_django_raises(error):
    """Of a query on SQLite."""
    ours = OperationalError(str(error))
    ours.__cause__ = error
    return ours


def test_a_locked_sqlite_is_away_and_a_wrong_query_is_not(tmp_path):
    with sqlite3.connect(tmp_path / "one") as one, sqlite3.connect(tmp_path / "one", timeout=0) as other:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as wrong:
            one.execute("SELECT 1 FROM nothing")
    assert is_away(as_django_raises(locked.value))
    assert not is_away(as_django_raises(wrong.value))
    assert not is_away(ValueError())
    assert not is_away(None)
