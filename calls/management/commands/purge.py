"""``manage.py purge --older-than DAYS``: forget recordings, traces and phrases, with ``--calls`` the calls as well.

Of every line alike; ``manage.py retain`` does it as each line says. Says which database and folder it works on. A
running call keeps its row and its files, and so does a call under legal hold.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.privacy.files import Deleted, delete_files, files_before, recordings
from calls.desk.privacy.rows import delete_calls, delete_expired, delete_gold_before
from calls.management.rows_command import RowsCommand
from calls.process.services import services
from calls.storage.models import Call
from voiceapp.runtime.arguments import whole
from voiceapp.runtime.counted import counted
from voiceapp.runtime.one_at_a_time import FORGETTING, working_on
from voiceapp.service_urls import database_url

MOST_DAYS = 36_500


class Command(RowsCommand):
    help = "Delete recordings, traces, phrases and, if asked, calls that are older than so many days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=whole(1, MOST_DAYS, "days"), required=True, metavar="DAYS")
        parser.add_argument("--calls", action="store_true", help="The rows of calls, turns and events as well.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be deleted, and delete nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry = options["dry_run"]
        with nullcontext() if dry else working_on(Path(settings.VAR_DIR), FORGETTING):
            self._purge(options, dry=dry)

    def _purge(self, options: dict[str, Any], *, dry: bool) -> None:
        horizon = timezone.now() - timedelta(days=options["older_than"])
        folder = recordings()
        old = Call.objects.filter(ended_at__lt=horizon, hold=None)
        files = files_before(folder, horizon.timestamp())
        if dry:
            deleted = Deleted(files=sum(1 for _ in files))
            calls = old.count() if options["calls"] else 0
            phrases = log_rows = 0
        else:
            deleted = delete_files(folder, files)
            log_rows = delete_expired()
            calls = delete_calls(old) if options["calls"] else 0
            if options["calls"]:
                delete_gold_before(horizon)
            # A voice says them again where they are needed; of calls so old none is.
            phrases = services().voices.phrases.purge(horizon.timestamp())
            if deleted.files or calls:
                detail = Detail.PURGED.of(days=options["older_than"], files=deleted.files)
                note_command(Kind.DELETE, "purge", calls=calls, detail=detail)
        self.stdout.write(
            f"{'would delete' if dry else 'deleted'} {counted(deleted.files, 'file')} in {folder} "
            f"and {counted(calls, 'call')} in {database_url(settings.DATABASES['default'])}"
        )
        if phrases:
            self.stdout.write(f"deleted {counted(phrases, 'phrase')} that no call has used since")
        if log_rows:
            self.stdout.write(f"deleted {counted(log_rows, 'row')} of the access log: kept for 24 months")
        if deleted.failed:
            raise CommandError(f"not_deleted: {counted(len(deleted.failed), 'file')}, the first: {deleted.failed[0]}")
