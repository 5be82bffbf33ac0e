"""A database that is away is waited for once, by one; and it is asked again."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connections
from django.db.utils import load_backend

from tests.calls.twilio.test_webhooks import TOKEN, URL, post
from tests.databases import postgresql_url  # noqa: F401 - a fixture
from tests.paths import ROOT
from voiceapp.environment import Environment
from voiceapp.postgresql import base

AWAY = "postgresql://x@127.0.0.1:1/x"
"""Nobody listens there."""
LITTLE_S = 0.2
"""For a pool that is waited for in vain. One that answers is given its whole time, however busy the machine is."""


@pytest.fixture(autouse=True)
def allowed(django_db_blocker):
    """These databases are none of the tests' own."""
    with django_db_blocker.unblock():
        yield


@contextmanager
def pooled(url, **pool):
    """A database like a server's, with a pool of its own."""
    values = Environment({"DATABASE_URL": url}).database(None)
    values["OPTIONS"]["pool"] |= pool
    settings = connections.configure_settings({"default": values})["default"]
    wrappers = []

    def wrapper():
        wrappers.append(load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "pooled"))
        return wrappers[-1]

    first = wrapper()
    try:
        yield first, wrapper
    finally:
        for one in wrappers:
            one.close()
        first.close_pool()


def waits(database):
    """How often the pool was waited for."""
    return database.pool.get_stats().get("requests_num", 0)


def refused(database, count=1):
    for _ in range(count):
        with pytest.raises(OperationalError):
            database.ensure_connection()


def test_a_database_that_is_away_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(base, "AWAY_S", 3600)
    with pooled(AWAY, timeout=LITTLE_S) as (database, another):
        refused(database, 3)
        refused(another(), 3)
        assert waits(database) == 1


def test_it_is_asked_again_by_one_while_the_others_are_refused(monkeypatch):
    with pooled(AWAY, timeout=LITTLE_S) as (database, another):
        refused(database)
        monkeypatch.setattr(base, "AWAY_S", 3600)
        database._away_until_s[database.alias] = 0.0
        others = []
        ask = database.pool.getconn

        def getconn():
            refused(another())
            others.append(1)
            return ask()

        monkeypatch.setattr(database.pool, "getconn", getconn)
        refused(database)
        assert (waits(database), others) == (2, [1])


def test_one_that_is_back_is_no_longer_away(postgresql_url):  # noqa: F811
    with pooled(postgresql_url) as (database, another):
        database._away_until_s[database.alias] = time.monotonic() - 1
        database.ensure_connection()
        another().ensure_connection()
        assert waits(database) == 2
        assert database._away_until_s == {}


def test_no_query_is_compiled_nor_a_short_one_divided(postgresql_url):  # noqa: F811
    with pooled(postgresql_url) as (_, wrapper):
        for _ in range(2):
            one = wrapper()
            with one.cursor() as cursor:
                cursor.execute("SELECT current_setting('jit'), current_setting('parallel_setup_cost')")
                assert cursor.fetchone() == ("off", str(base.PARALLEL_COST))
            one.close()


def test_a_pool_that_is_full_is_not_away(postgresql_url, monkeypatch):  # noqa: F811
    with pooled(postgresql_url, max_size=1) as (database, another):
        database.ensure_connection()
        monkeypatch.setattr(database.pool, "timeout", LITTLE_S)
        refused(another(), 2)
        assert waits(database) == 3
        monkeypatch.undo()
        database.close()
        another().ensure_connection()


LEFT_OPEN = """
from voiceapp.postgresql.base import DatabaseWrapper
class Pool:
    def close(self): print("closed")
DatabaseWrapper._connection_pools["any"] = Pool()
"""


def test_no_pool_is_left_open_when_the_interpreter_ends():
    done = subprocess.run([sys.executable, "-c", LEFT_OPEN], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "closed\n", done.stderr


@pytest.mark.parametrize("path", ["/twilio/after", "/twilio/after?lost=1", "/twilio/status", "/readyz"])
def test_a_request_waits_for_a_database_that_is_away_no_longer_than_once(client, settings, monkeypatch, path):
    settings.REDIS_URL, settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "", TOKEN, URL
    monkeypatch.setattr(base, "AWAY_S", 3600)
    kept = connections["default"]
    with pooled(AWAY, timeout=LITTLE_S) as (database, _):
        connections["default"] = database
        try:
            if path == "/readyz":
                assert client.get(path).json()["database"] == "down"
            else:
                answer = post(client, path, CallStatus="in-progress")
                assert answer.status_code == (503 if path == "/twilio/status" else 200)
        finally:
            connections["default"] = kept
        assert waits(database) == 1


def test_all_that_a_webhook_waits_for_is_within_twilios_patience():
    pool = Environment({"DATABASE_URL": AWAY}).database(None)["OPTIONS"]["pool"]
    # The pool tries again after 1 s and 10 %: a restart of the database is nobody's error.
    assert 1.1 < pool["timeout"] <= 2
