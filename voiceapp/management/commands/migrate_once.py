"""``manage.py migrate_once``: migrate under a lock, for servers that start in several places at once. Before that it
closes the files of VAR_DIR to other users, where an older version left them open."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.backends.utils import CursorWrapper

from voiceapp.runtime.private_files import close_to_others, private_open

LOCK = 0x766F6963
"""Of PostgreSQL's advisory locks; any number that nobody else uses."""
ASK_AGAIN_S = 0.2
KEPT = ("recordings", "journal", "phrases", "traces", "secret_key", "migrate.lock", "*.sqlite3*")
"""What earlier versions have left in VAR_DIR with the rights that the umask gave."""


class Command(BaseCommand):
    help = "Migrate, one process at a time."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        var_dir = Path(settings.VAR_DIR)
        # Here, and not as a server starts: this runs once before all of them.
        close_to_others(path for pattern in KEPT for path in var_dir.glob(pattern))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Asked for again and again: one who waits inside of a query is waited for by an index that is built
                # concurrently, and that by him.
                while not _is_ours(cursor):
                    time.sleep(ASK_AGAIN_S)
                try:
                    call_command("migrate", verbosity=options["verbosity"])
                finally:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
            return
        with private_open(var_dir / "migrate.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            call_command("migrate", verbosity=options["verbosity"])


def _is_ours(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
    return bool(cursor.fetchone()[0])
