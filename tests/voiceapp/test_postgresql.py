"""A database that is away is waited for once, by one; and it is asked again."""

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import OperationalError, connections
from django.db.utils import load_backend
from psycopg import InternalError
from psycopg.pq import TransactionStatus

from tests.calls.twilio.test_webhooks import TOKEN, URL, post
from tests.databases import postgresql_url  # noqa: F401 - a fixture
from tests.paths import ROOT
from voiceapp.environment import Environment
from voiceapp.postgresql import base
from voiceapp.runtime.brief_waits import brief_waits

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


def ends_with_a_connection(database):
    """In a thread of its own, as a request does that is cancelled: nobody closes it."""

    def work():
        one = type(database)(database.settings_dict, database.alias)
        with one.cursor() as cursor:
            one.set_autocommit(False)
            cursor.execute("SELECT 1")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_what_a_thread_had_that_has_ended_comes_back(postgresql_url, caplog):  # noqa: F811
    with pooled(postgresql_url, max_size=2) as (database, another):
        for _ in range(5):
            ends_with_a_connection(database)
        for one in (database, another()):
            with one.cursor() as cursor:
                cursor.execute("SELECT 1")
        assert sum("is taken back" in one.message for one in caplog.records) == 5


def test_what_is_taken_back_is_in_no_transaction(postgresql_url):  # noqa: F811
    with pooled(postgresql_url, max_size=1) as (database, _):
        ends_with_a_connection(database)
        database.ensure_connection()
        assert database.connection.info.transaction_status == TransactionStatus.IDLE
        assert list(database._lent) == [database.connection]
        database.close()
        assert database._lent == {}


def test_a_request_that_is_cancelled_keeps_no_connection(postgresql_url):  # noqa: F811
    """As by the server, once its client has left: its thread ends behind it, and no signal of Django's is sent."""
    with pooled(postgresql_url, max_size=1) as (database, _):
        begun, let_go = threading.Event(), threading.Event()

        def view():
            type(database)(database.settings_dict, database.alias).ensure_connection()
            begun.set()
            let_go.wait()

        async def request():
            async with ThreadSensitiveContext():
                await sync_to_async(view)()

        async def leaves():
            task = asyncio.create_task(request())
            await asyncio.to_thread(begun.wait)
            task.cancel()
            let_go.set()
            await asyncio.wait([task])

        asyncio.run(leaves())
        for thread in database._lent.values():
            thread.join()
        database.ensure_connection()


def test_a_connection_that_fails_its_check_is_given_back_whatever_the_fault(postgresql_url, monkeypatch):  # noqa: F811
    with pooled(postgresql_url, max_size=1) as (database, _):
        faults = [InternalError("ended by the server")]

        def check(connection):
            if faults:
                raise faults.pop()

        monkeypatch.setattr(database, "_check", check)
        database.ensure_connection()
        assert database.is_usable()


def test_only_who_opens_a_connection_in_haste_waits_briefly_on_it(postgresql_url):  # noqa: F811
    with pooled(postgresql_url, max_size=1) as (database, _):
        with brief_waits(LITTLE_S):
            assert bounds_of(database) == ("200ms", "200ms")
        database.close()
        assert bounds_of(database) == ("0", "0")


def bounds_of(database):
    with database.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        return cursor.fetchone()


def test_a_full_pool_is_told_for_a_while(postgresql_url, monkeypatch):  # noqa: F811
    with pooled(postgresql_url, max_size=1) as (database, another):
        database.ensure_connection()
        assert not database.is_crowded
        monkeypatch.setattr(database.pool, "timeout", LITTLE_S)
        refused(another())
        assert database.is_crowded
        monkeypatch.setattr(base, "CROWDED_S", 0)
        assert not database.is_crowded


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
