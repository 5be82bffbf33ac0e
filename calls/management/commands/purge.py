"""``manage.py purge --older-than DAYS``: forget recordings and hearing traces, with ``--calls`` the calls as well."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from calls.models import Call, SpentToken

BATCH_CALLS = 500


class Command(BaseCommand):
    help = "Delete recordings, hearing traces and, if asked, calls that are older than so many days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS")
        parser.add_argument("--calls", action="store_true", help="The rows of calls, turns and events as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        horizon = timezone.now() - timedelta(days=options["older_than"])
        files = 0
        folder = Path(settings.VAR_DIR) / "recordings"
        for path in folder.glob("*/*"):
            if path.suffix in (".vrec", ".trace") and path.stat().st_mtime < horizon.timestamp():
                path.unlink()
                files += 1
        for day in folder.glob("*"):
            if day.is_dir() and not any(day.iterdir()):
                day.rmdir()
        SpentToken.objects.filter(expires_at__lt=timezone.now()).delete()
        calls = 0
        if options["calls"]:
            calls = _delete_calls(horizon)
        self.stdout.write(f"deleted {files} files and {calls} calls")


def _delete_calls(horizon: datetime) -> int:
    """Delete the calls that ended before then, a transaction a batch: memory and locks stay small. Returns how many."""
    # Upwards by key, so that no batch looks again at what the one before it has seen.
    calls, last = 0, 0
    while pks := list(
        Call.objects.filter(pk__gt=last, ended_at__lt=horizon).order_by("pk").values_list("pk", flat=True)[:BATCH_CALLS]
    ):
        Call.objects.filter(pk__in=pks).delete()
        calls, last = calls + len(pks), pks[-1]
    return calls
