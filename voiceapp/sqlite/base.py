"""Django's SQLite, whose file nobody but its owner may read. SQLite gives its ``-wal`` and ``-shm`` the rights of the
database: https://www.sqlite.org/src/file/src/os_unix.c (``findCreateFileMode``)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from voiceapp.runtime.brief_waits import LONGEST_S
from voiceapp.runtime.private_files import private_file


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Raises sqlite3.OperationalError. Any thread."""
        if not self.is_in_memory_db():
            # What is wrong with a path SQLite says itself, in words that Django knows.
            with suppress(OSError):
                private_file(Path(conn_params["database"]))
        longest_s = LONGEST_S.get()
        if longest_s is not None:
            conn_params = conn_params | {"timeout": longest_s}
        return super().get_new_connection(conn_params)
