"""Databases beside the tests' own one: for servers in other processes, migrated once, and PostgreSQL's."""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction
from django.db.utils import load_backend

from tests.paths import ROOT
from voiceapp.environment import Environment

SERVER = "postgresql://postgres@127.0.0.1:5432/"
PATIENCE_S = 40.0
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
MIGRATED = f"voiceapp_migrated_{RUN}"
"""A PostgreSQL database whose migrations have run, to be copied; and the file that says that it is whole."""


def migrate(database_url, var_dir):
    # Without Django's checks, which import all pages: a fifth of the time.
    command = [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"]
    environment = {**os.environ, "DATABASE_URL": database_url, "VAR_DIR": str(var_dir), "DEBUG": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def put_migrated_database(place):
    """Put a migrated SQLite database into a server's VAR_DIR, or at a path: a copy of one that is made once a run."""
    with of_the_run() as folder:
        if not (folder / "db.sqlite3").exists():
            migrate("", folder)
        shutil.copy(folder / "db.sqlite3", place)


@contextmanager
def of_the_run():
    """A folder that all workers of a run have, one at a time; it goes with the one that made it, and is made again."""
    folder = Path(tempfile.gettempdir()) / f"voiceapp-migrated-{RUN}"
    lock = None
    while lock is None:
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            atexit.register(_forget, folder)
        lock = _lock(folder)
    with lock:
        yield folder


def _lock(folder):
    """An open file that holds it until it is closed; None where the folder went while it was waited for."""
    path = folder / "lock"
    with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as stack:
        lock = stack.enter_context(path.open("a"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
            stack.pop_all()
            return lock
    return None


def _forget(folder):
    with _lock(folder):
        if (folder / MIGRATED).exists():
            with psycopg.connect(SERVER + "postgres", autocommit=True) as server:
                server.execute(f"DROP DATABASE {MIGRATED} WITH (FORCE)")
        shutil.rmtree(folder)


class RowsOfApplications:
    """What an emptied database gets back, in place of Django's ``emit_post_migrate_signal``: content types, permissions
    and groups. The applications write them once; copying them takes a tenth of that."""

    def __init__(self, write):
        self._write = write
        self._rows = {}
        """By database and table."""

    def __call__(self, verbosity, interactive, db, **kwargs):
        database = connections[db]
        if database.vendor != "sqlite":
            self._write(verbosity, interactive, db, **kwargs)
        elif rows := self._rows.get(database.settings_dict["NAME"]):
            self._put(database, rows)
        else:
            self._write(verbosity, interactive, db, **kwargs)
            self._rows[database.settings_dict["NAME"]] = self._read(database)

    def _read(self, database):
        tables = database.introspection.django_table_names(only_existing=True, include_views=False)
        with database.cursor() as cursor:
            rows = {table: cursor.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608
        return {table: of_table for table, of_table in rows.items() if of_table}

    def _put(self, database, rows):
        with transaction.atomic(database.alias), database.cursor() as cursor:
            for table, of_table in rows.items():
                places = ", ".join(["%s"] * len(of_table[0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', of_table)  # noqa: S608
        # As Django's own handler does: the numbers of the types have changed.
        ContentType.objects.clear_cache()


def rows_of(var_dir, query, *values):
    """What a server's SQLite database answers."""
    with contextlib.closing(sqlite3.connect(f"file:{var_dir / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return database.execute(query, values).fetchall()


def row_of_ended_call(var_dir, call_sid):
    """Wait until a server's SQLite database has the call and its end; returns its row."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        if rows := rows_of(var_dir, "SELECT * FROM calls_call WHERE call_sid = ? AND ended_at IS NOT NULL", call_sid):
            return rows[0]
        time.sleep(0.05)
    raise AssertionError("the call was not kept")


@contextmanager
def own_postgresql(template="template1"):
    """A database of our own on this machine's PostgreSQL, a copy of another; yields its URL."""
    try:
        server = psycopg.connect(SERVER + "postgres", autocommit=True, connect_timeout=20)
    except psycopg.OperationalError:
        pytest.skip("needs a PostgreSQL on 127.0.0.1:5432 that trusts the user postgres")
    name = f"voiceapp_test_{secrets.token_hex(4)}"
    with server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield SERVER + name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres():
    """An empty database."""
    with own_postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_url():
    """One whose migrations have run, a copy of one that is made once a run; tests leave no rows in it."""
    with contextlib.ExitStack() as stack:
        with of_the_run() as folder:
            if not (folder / MIGRATED).exists():
                with (
                    own_postgresql("template0") as url,
                    psycopg.connect(SERVER + "postgres", autocommit=True) as server,
                ):
                    migrate(url, folder / "var")
                    server.execute(f"CREATE DATABASE {MIGRATED} TEMPLATE {url.removeprefix(SERVER)}")
                    (folder / MIGRATED).touch()
            url = stack.enter_context(own_postgresql(MIGRATED))
        yield url


@pytest.fixture
def migrated_postgres(postgresql_url):
    """One whose migrations have run, for this test alone."""
    with own_postgresql(postgresql_url.removeprefix(SERVER)) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request, db):
    """The test on SQLite, and on PostgreSQL where there is one; what it writes is rolled back."""
    if request.param == "sqlite":
        yield
        return
    with served_by(request.getfixturevalue("postgresql_url")), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_database(request, tmp_path, django_db_blocker):
    """Address of a migrated database of the test's own, which threads connect to (``served_by``)."""
    if request.param == "postgresql":
        address = request.getfixturevalue("migrated_postgres")
    else:
        put_migrated_database(tmp_path / "db.sqlite3")
        address = f"sqlite://{tmp_path / 'db.sqlite3'}"
    with django_db_blocker.unblock():
        yield address


@contextmanager
def served_by(url):
    """In this thread Django's database is the one at this address."""
    values = Environment({"DATABASE_URL": url}).database(ROOT)
    # One connection, which ends with this; SQLite's transactions are the product's.
    values["OPTIONS"].pop("pool", None)
    settings = connections.configure_settings({"default": values})["default"]
    kept = connections["default"]
    connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = kept


def at_once(database, work, threads):
    """What ``work(number)`` returns in each of so many threads with a connection of their own, begun at one moment."""
    together = threading.Barrier(threads)

    def begin(number):
        with served_by(database):
            connection.ensure_connection()
            together.wait()
            return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))
