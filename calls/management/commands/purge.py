"""``manage.py purge --older-than DAYS``: forget recordings, traces and phrases, with ``--calls`` the calls as well.

Says which database and folder it works on. A running call keeps its row and its files.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.desk.access_log.entries import Kind, delete_old, note_command
from calls.desk.engines.models import MeasuredTurn
from calls.desk.review.peaks import KEPT_SUFFIX
from calls.management.rows_command import RowsCommand
from calls.process.services import services
from calls.storage.models import Call
from calls.storage.recording import file_name
from calls.twilio.models import SpentToken
from voiceapp.runtime.arguments import whole
from voiceapp.service_urls import database_url

BATCH_CALLS = 500
MOST_DAYS = 36_500
KEPT = {".vrec", ".trace", KEPT_SUFFIX}
RUNS_AT_MOST = timedelta(days=2)
"""MAX_CALL_S is a day at most. A call that began earlier and has no end lost its process: its files are purged."""


class Command(RowsCommand):
    help = "Delete recordings, traces, phrases and, if asked, calls that are older than so many days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=whole(1, MOST_DAYS, "days"), required=True, metavar="DAYS")
        parser.add_argument("--calls", action="store_true", help="The rows of calls, turns and events as well.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be deleted, and delete nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        horizon = timezone.now() - timedelta(days=options["older_than"])
        folder = Path(settings.VAR_DIR) / "recordings"
        dry = options["dry_run"]
        old = Call.objects.filter(ended_at__lt=horizon)
        failed: list[str] = []
        if dry:
            files = sum(1 for _ in _old_files(folder, horizon))
            calls = old.count() if options["calls"] else 0
            phrases = log_rows = 0
        else:
            files, failed = _delete_files(folder, horizon)
            log_rows = delete_old()
            SpentToken.objects.filter(expires_at__lt=timezone.now()).delete()
            calls = _delete_calls(old) if options["calls"] else 0
            if options["calls"]:
                # Words of gold that came in a folder: its call is not here to take them along.
                MeasuredTurn.objects.filter(call=None, measurement__made_at__lt=horizon).delete()
            # A voice says them again where they are needed; of calls so old none is.
            phrases = services().voices.phrases.purge(horizon.timestamp())
            if files or calls:
                detail = f"older than {options['older_than']} days; {files} recordings and traces"
                note_command(Kind.DELETE, "purge", calls=calls, detail=detail)
        self.stdout.write(
            f"{'would delete' if dry else 'deleted'} {files} files in {folder} "
            f"and {calls} calls in {database_url(settings.DATABASES['default'])}"
        )
        if phrases:
            self.stdout.write(f"deleted {phrases} phrases that no call has used since")
        if log_rows:
            self.stdout.write(f"deleted {log_rows} rows of the access log: they were kept for 24 months")
        if failed:
            raise CommandError(f"not_deleted: {len(failed)} files, the first: {failed[0]}")


def _old_files(folder: Path, horizon: datetime) -> Iterator[Path]:
    """Recordings and traces that were last written before then, but for those of running calls."""
    recent = Q(started_at=None) | Q(started_at__gt=timezone.now() - RUNS_AT_MOST)
    sids = Call.objects.filter(recent, ended_at=None).values_list("call_sid", flat=True)
    running = {file_name(call_sid) for call_sid in sids.iterator()}
    # A day's folder that is a link leads out of here.
    for path in (path for day in folder.glob("*") if not day.is_symlink() for path in day.glob("*")):
        try:
            # Of a link itself: what it names may be gone.
            status = path.lstat()
        except FileNotFoundError:
            continue
        if path.suffix not in KEPT or stat.S_ISDIR(status.st_mode) or status.st_mtime >= horizon.timestamp():
            continue
        # As calls/live/stream_record.py names them: CallSid-StreamSid.
        if path.name.partition("-")[0] not in running:
            yield path


def _delete_files(folder: Path, horizon: datetime) -> tuple[int, list[str]]:
    """Returns how many are gone, and what was said of those that are not."""
    deleted, failed = 0, []
    for path in _old_files(folder, horizon):
        try:
            # A waveform is younger than its recording: it was made when somebody looked.
            with suppress(FileNotFoundError):
                path.with_suffix(KEPT_SUFFIX).unlink()
            path.unlink()
            deleted += 1
        except FileNotFoundError:
            pass  # another purge was faster
        except OSError as error:
            failed.append(str(error))
    for day in folder.glob("*"):
        # Not empty, not a folder, or gone.
        with suppress(OSError):
            day.rmdir()
    return deleted, failed


def _delete_calls(old: QuerySet[Call]) -> int:
    """Delete them a transaction a batch: memory and locks stay small. Returns how many."""
    # Upwards by key, so that no batch looks again at what the one before it has seen.
    calls, last = 0, 0
    while pks := list(old.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH_CALLS]):
        Call.objects.filter(pk__in=pks).delete()
        calls, last = calls + len(pks), pks[-1]
    return calls
