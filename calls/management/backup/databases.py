"""A copy of the database as it is at one moment, while calls write it, and back again.

SQLite by its online backup API: a copied file lacks what stands in the write-ahead log. PostgreSQL by pg_dump's and
pg_restore's custom format, which are one transaction each.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from calls.management.backup.manifest import BackupError
from voiceapp.runtime.private_files import private_file

FILES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
"""A copy's name in the backup, by the database's vendor."""
TIMEOUT_S = 20.0
"""So long SQLite waits for a writer."""


def dump(folder: Path) -> str:
    """Copy the database into the folder; returns the copy's name. Raises BackupError."""
    name = FILES[connection.vendor]
    copy = folder / name
    private_file(copy)
    if connection.vendor == "sqlite":
        try:
            # All pages in one step: a reader's snapshot, which no writer waits for.
            with closing(_sqlite(_sqlite_path())) as source, closing(_sqlite(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise BackupError("not_dumped", f"{_sqlite_path()}: {error}") from error
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--file={copy}")
    return name


def check(copy: Path) -> None:
    """Raises BackupError where no database can be made of the copy."""
    if copy.name == FILES["sqlite"]:
        try:
            with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as database:
                (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            raise BackupError("damaged", f"{copy}: {said}")
    else:
        _run("pg_restore", "--list", str(copy), connect=False)


def is_empty() -> bool:
    """The database has no table, or is not there."""
    if connection.vendor == "sqlite" and not _sqlite_path().exists():
        return True
    return not connection.introspection.table_names()


def clear() -> None:
    """Delete all that is in the database."""
    connection.close()
    if connection.vendor == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(f"{_sqlite_path()}{suffix}").unlink(missing_ok=True)
    else:
        with connection.cursor() as cursor:
            # With everything in it: functions and the trigram extension as well, which the copy brings again.
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.close()


def load(copy: Path) -> None:
    """Fill the database, which is empty, from the copy. Raises BackupError, OSError."""
    connection.close()
    if connection.vendor == "sqlite":
        path = _sqlite_path()
        whole = path.with_name(f"{path.name}.restored")
        try:
            private_file(whole)
            shutil.copyfile(copy, whole)
            os.replace(whole, path)
        except BaseException:
            whole.unlink(missing_ok=True)
            raise
    else:
        name = connection.settings_dict["NAME"]
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
             f"--dbname={name}", str(copy))  # fmt: skip


def applied_migrations() -> list[str]:
    """``app.name`` of the database's, sorted."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _sqlite_path() -> Path:
    return Path(connection.settings_dict["NAME"])


def _sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=TIMEOUT_S)


def _run(program: str, *arguments: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL's; ``connect``: to the database. Raises BackupError with its own words."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"no_{program}", f"{program} is not installed: apt install postgresql-client")
    # The password is in no command line, which every user of the machine may read.
    environment = _connection_of(connection.settings_dict) if connect else {}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own, with paths of ours
        [found, *arguments], env={"PATH": os.defpath, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BackupError(f"{program}_failed", f"{program}: {said[-1]}")


def _connection_of(database: Mapping[str, Any]) -> dict[str, str]:
    """As libpq's variables: https://www.postgresql.org/docs/current/libpq-envars.html"""
    values = {
        "PGDATABASE": database["NAME"],
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
        "PGHOST": database["HOST"],
        "PGPORT": database["PORT"],
    }
    return {name: str(value) for name, value in values.items() if value}
