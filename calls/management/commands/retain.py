"""``manage.py retain``: delete what each line has kept for as long as it says. For a timer, once a day
(deploy/systemd/voiceapp-retention.timer).

Says of each line what and how much. A running call keeps its row and its files, and so does a call under legal hold.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.privacy.files import Deleted, delete_files, held, recordings
from calls.desk.privacy.retention import Due, due
from calls.desk.privacy.rows import delete_calls, delete_expired, delete_gold_before
from calls.lines.privacy import MOST_DAYS
from calls.management.rows_command import RowsCommand
from calls.process.services import services
from voiceapp.runtime.counted import counted
from voiceapp.runtime.one_at_a_time import FORGETTING, working_on
from voiceapp.service_urls import database_url


class Command(RowsCommand):
    help = "Delete recordings, traces and calls that their lines have kept for long enough."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would be deleted, and delete nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry = options["dry_run"]
        with nullcontext() if dry else working_on(Path(settings.VAR_DIR), FORGETTING):
            self._retain(dry=dry)

    def _retain(self, *, dry: bool) -> None:
        now, folder = timezone.now(), recordings()
        found = due(folder, now)
        lines = found.due
        self.stdout.write(
            f"{'would delete' if dry else 'deletes'} in {folder} and {database_url(settings.DATABASES['default'])}"
        )
        failed: list[str] = []
        refused: list[str] = []
        for line in lines:
            try:
                failed += self._of_line(line, dry=dry)
            except DatabaseError as error:
                if not connection.is_usable():
                    raise
                # The others' calls are due all the same.
                refused.append(f"{line.label} ({type(error).__name__})")
        if kept := len(held()):
            self.stdout.write(f"{counted(kept, 'call stays', 'calls stay')}: under legal hold")
        if not dry:
            longest = max(line.retention.words_days for line in lines)
            delete_gold_before(now - timedelta(days=longest))
            delete_expired()
            # A voice says them again where they are needed.
            shortest = min(line.retention.recordings_days for line in lines)
            services().voices.phrases.purge((now - timedelta(days=shortest)).timestamp())
        troubles = [f"not_deleted: {counted(len(failed), 'file')}, the first: {failed[0]}"] if failed else []
        if refused:
            troubles.append(f"rows_not_deleted: of {len(refused)} lines: {', '.join(refused)}")
        if found.unread:
            troubles.append(
                f"settings_unread: {len(found.unread)} lines cannot be read, their calls stay {MOST_DAYS} days: "
                f"save their pages anew: {', '.join(found.unread)}"
            )
        if troubles:
            raise CommandError("\n".join(troubles))

    def _of_line(self, line: Due, *, dry: bool) -> list[str]:
        """Returns what was said of files that are still there."""
        if dry:
            deleted, calls = Deleted(len(line.files), line.size_bytes), line.calls.count()
        else:
            deleted = delete_files(recordings(), line.files)
            calls = delete_calls(line.calls)
        days = line.retention
        size_mb = deleted.size_bytes / 1e6
        told = f"{counted(deleted.files, 'file')} of more than {days.recordings_days} days ({size_mb:.1f} MB)"
        self.stdout.write(f"{line.label}: {told}, {counted(calls, 'call')} of more than {days.words_days} days")
        if not dry and (deleted.files or calls):
            detail = Detail.RETAINED.of(line=line.label[:100], files=deleted.files)
            note_command(Kind.DELETE, "retain", calls=calls, detail=detail)
        return deleted.failed
