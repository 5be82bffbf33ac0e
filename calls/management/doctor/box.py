"""Checks of the box itself: settings, versions, database, Redis, disk. Blocking."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from calls.management.doctor.finding import Finding, failed, ok, warning
from voiceapp.service_urls import database_url

DISK_WARNING, DISK_FAILED = 0.20, 0.05
"""Shares of the disk that are free."""
REDIS_TIMEOUT_S = 3.0
OF_DATABASE = {
    "Connection refused": "start it (systemctl start postgresql), or correct the host and port in DATABASE_URL",
    "No such file": "start it (systemctl start postgresql), or name its host in DATABASE_URL",
    "password": "correct the password in DATABASE_URL",
    "role ": "correct the user in DATABASE_URL, or make it: createuser",
    'database "': "correct the name in DATABASE_URL, or make the database: createdb",
    "resolve host": "correct the host in DATABASE_URL",
    "full": "make room on its disk: manage.py purge, or a larger one",
    "unable to open": "see that the file's folder is there and the server's user may write to it",
    "readonly": "run this as the server's user, or give it the file",
    "": "start it, or correct DATABASE_URL",
}
"""What to do, by a part of what the database says."""
OF_REDIS = {
    "refused": "start it (systemctl start redis-server), or correct REDIS_URL",
    "Name or service": "correct the host in REDIS_URL",
    "DB index": "correct the number at the end of REDIS_URL",
    "uthenticat": "correct the password in REDIS_URL",
    "password": "correct the password in REDIS_URL",
    "MISCONF": "it cannot write to its disk: make room there, and see its log",
    "OOM": "it has used up its maxmemory: give it more",
    "read only": "it is a copy of another one: name that one in REDIS_URL",
    "imeout": "see that it is reached from here, and that REDIS_URL says rediss:// where it speaks TLS alone",
    "imed out": "see that it is reached from here, and that REDIS_URL says rediss:// where it speaks TLS alone",
    "": "start it, or correct REDIS_URL",
}


def configuration() -> Iterator[Finding]:
    """What settings could not be read, and a trial's settings on a box that serves."""
    problems = settings.CONFIGURATION_PROBLEMS
    for problem in problems:
        if problem.variable != "STORAGE_KEYS":  # calls/management/doctor/storage.py says it
            yield failed("settings", f"{problem.variable} cannot be used", problem.sentence)
    if settings.DEBUG:
        yield warning("settings", "DEBUG is on: pages show their insides", "set DEBUG=0 where others can reach it")
    elif not problems:
        yield ok("settings", "every variable can be used")


def versions() -> Iterator[Finding]:
    """The packages that are pinned are those that are installed."""
    wrong = []
    for line in (settings.BASE_DIR / "requirements.txt").read_text().splitlines():
        pin, _, marker = line.partition(";")
        name, _, version = pin.strip().partition("==")
        if not version or marker:
            continue
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "none"
        if installed != version.strip():
            wrong.append(f"{name} {installed} (pinned {version.strip()})")
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield warning("versions", f"{wrong[0]}{more}", "run script/setup server")
    else:
        yield ok("versions", "packages are as pinned")


def database() -> Iterator[Finding]:
    """It answers, and its tables are this version's."""
    where = database_url(connection.settings_dict)
    try:
        if connection.vendor == "postgresql":
            # The pool would say no more than that it got no connection.
            psycopg.connect(**connection.get_connection_params()).close()
        began_s = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        took_ms = (time.monotonic() - began_s) * 1000
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, psycopg.Error) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        yield failed("database", f"{where}: {said}", _of_what_it_says(said, OF_DATABASE))
        return
    yield ok("database", f"{where} answers within {took_ms:.0f} ms")
    if missing:
        yield failed("migrations", f"{len(missing)} are not there, {missing[0][0]} first", "run manage.py migrate_once")
    else:
        yield ok("migrations", "the tables are this version's")
    if connection.vendor == "postgresql":
        yield _trigrams()
    else:
        slow = "SQLite is for trials: lists of 100 000 calls take a second"
        yield warning("search", slow, "set DATABASE_URL to a PostgreSQL's: postgresql://user:password@host:port/name")


def _trigrams() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone():
            return ok("search", "words are found by an index")
    return warning(
        "search", "pg_trgm is missing: search is slow", "as its owner: CREATE EXTENSION pg_trgm; then migrate"
    )


def _of_what_it_says(said: str, advice: Mapping[str, str]) -> str:
    return next(what for part, what in advice.items() if part in said)


def redis_answers() -> Iterator[Finding]:
    """It answers and takes values; without one, each process knows its own calls alone."""
    if not settings.REDIS_URL:
        yield warning("redis", "REDIS_URL is not set", "set it where more than one process serves")
        return
    from redis import RedisError, from_url

    began_s = time.monotonic()
    try:
        with from_url(
            settings.REDIS_URL, socket_connect_timeout=REDIS_TIMEOUT_S, socket_timeout=REDIS_TIMEOUT_S
        ) as client:
            client.set("voiceapp:doctor", 1, ex=1)
    except (RedisError, OSError) as error:
        said = (str(error).splitlines() or [""])[0][:160] or type(error).__name__
        yield failed("redis", f"takes no values: {said}", _of_what_it_says(said, OF_REDIS))
        return
    yield ok("redis", f"answers within {(time.monotonic() - began_s) * 1000:.0f} ms")


def disk() -> Iterator[Finding]:
    """VAR_DIR has room, and may be written."""
    var_dir = Path(settings.VAR_DIR)
    if not os.access(var_dir, os.W_OK | os.X_OK):
        yield failed("disk", f"{var_dir} may not be written", "run this as the server's user, or give it the folder")
        return
    left = os.statvfs(var_dir)
    if left.f_files and left.f_favail / left.f_files < DISK_FAILED:
        said = f"{left.f_favail} more files can be made in {var_dir}, whatever room there is"
        yield failed(
            "disk", said, "delete old recordings (manage.py purge), or make its file system anew with more inodes"
        )
        return
    usage = shutil.disk_usage(var_dir)
    free = usage.free / usage.total
    said = f"{free:.0%} of {usage.total / 1e9:.0f} GB are free in {var_dir}"
    if free < DISK_FAILED:
        yield failed("disk", said, "delete old recordings (manage.py purge), or give it a larger disk")
    elif free < DISK_WARNING:
        yield warning("disk", said, "an hour of talk takes 30 MB: purge from a timer")
    else:
        yield ok("disk", said)
