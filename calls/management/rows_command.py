"""RowsCommand: what commands that work on stored calls have in common."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation

from voiceapp.runtime.one_at_a_time import AlreadyRunning
from voiceapp.service_urls import database_url

DAMAGED = ("file is not a database", "is malformed")
"""What SQLite says of a file that it cannot read: https://www.sqlite.org/rescode.html#notadb, #corrupt."""


class RowsCommand(BaseCommand):
    """A command that reads or writes rows; raises CommandError ``not_migrated`` where their tables are missing,
    ``database_damaged`` where SQLite cannot read its file, ``already_running`` where another command would be in its
    way, and before it begins ``storage_keys_unusable`` where it opens files of calls and STORAGE_KEYS cannot be
    used."""

    requires_system_checks = ()
    opens_files_of_calls = False

    def execute(self, *args: Any, **options: Any) -> str | None:
        if self.opens_files_of_calls and (flaw := settings.STORAGE_KEYS.flaw):
            raise CommandError(f"storage_keys_unusable: {flaw}")
        try:
            # What stands around a label in a terminal is English, whatever language pages begin with.
            with translation.override("en"):
                return super().execute(*args, **options)
        except AlreadyRunning as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except (DatabaseError, sqlite3.DatabaseError) as error:
            where = database_url(settings.DATABASES["default"])
            if any(sign in str(error) for sign in DAMAGED):
                raise CommandError(
                    f"database_damaged: {where}: {error}: put a backup back by manage.py restore"
                ) from error
            # A table or a column that is missing is the first with SQLite, the second with PostgreSQL.
            if not isinstance(error, (OperationalError, ProgrammingError)) or not _is_behind():
                raise
            raise CommandError(f"not_migrated: {where} lacks tables of this version: run manage.py migrate") from error


def _is_behind() -> bool:
    """Migrations are missing in the database. Raises OperationalError when the database is away."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
