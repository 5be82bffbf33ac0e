"""``manage.py backup DIR``: the database, recordings, traces, journals, phrases and keys, while calls run."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from msgspec import structs

from calls.desk.access_log.entries import Kind, note_command
from calls.management.backup.losses import examine, files_not_there
from calls.management.backup.making import back_up, dated_folder, delete_broken_off, forget_old
from calls.management.backup.manifest import BackupError, read_manifest, write_manifest
from calls.management.rows_command import RowsCommand
from calls.storage.models import Call
from voiceapp.runtime.arguments import whole
from voiceapp.runtime.counted import counted
from voiceapp.runtime.one_at_a_time import alone_in, working_on


class Command(RowsCommand):
    help = "Copy all that is kept, callers' words and keys too, into a folder with a manifest; calls go on meanwhile."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="Empty, or not there yet.")
        parser.add_argument("--dated", action="store_true", help="In a folder of its own in DIR, named by the time.")
        parser.add_argument(
            "--without-storage-keys", action="store_true", help="Leave out the file that STORAGE_KEYS_FILE names."
        )
        parser.add_argument("--keep", type=whole(1, 10_000), metavar="N", help="With --dated: delete all but N.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].absolute()
        if options["keep"] and not options["dated"]:
            raise CommandError("--keep deletes dated backups: it goes with --dated.")
        apart = settings.SECRET_FILES.get("STORAGE_KEYS_FILE") if options["without_storage_keys"] else None
        if options["without_storage_keys"] and apart is None:
            raise CommandError(
                "storage_keys_not_apart: no STORAGE_KEYS_FILE is set: keys that stand among the settings go into every "
                "backup with them."
            )
        try:
            # A dated one links to the one before, and deletes old ones.
            with working_on(Path(settings.VAR_DIR)), alone_in(folder) if options["dated"] else nullcontext():
                self._make(folder, apart, options)
        except BackupError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"not_written: {error.filename or folder} ({error.strerror})") from error

    def _make(self, folder: Path, apart: Path | None, options: dict[str, Any]) -> None:
        """Raises BackupError, AlreadyRunning, OSError, and CommandError where it lacks something."""
        before = None
        if options["dated"]:
            folder, before = dated_folder(folder)
        note_command(Kind.EXPORT, "backup", calls=Call.objects.count(), detail=str(folder)[:200])
        if options["dated"] and (broken_off := delete_broken_off(folder.parent)):
            self.stdout.write(f"deleted {broken_off} backups that were not finished")
        manifest = back_up(folder, Path(settings.VAR_DIR), settings.SECRET_FILES, before, apart)
        last = read_manifest(before) if before else None
        damaged, growing = examine(folder, manifest, last)
        # Not before it: what this command was killed over is the next one's to examine.
        write_manifest(folder, structs.replace(manifest, unexamined=growing))
        lacks = [*files_not_there(settings.SECRET_FILES), *damaged]
        # An older one may have what this one lacks.
        old = forget_old(folder.parent, options["keep"]) if options["keep"] and not lacks else 0
        size_mb = sum(file.size_bytes for file in manifest.files) / 1e6
        self.stdout.write(f"{folder}: {counted(len(manifest.files), 'file')}, {size_mb:.1f} MB, {manifest.database}")
        if old:
            self.stdout.write(f"deleted {old} older backups")
        if lacks:
            said = f"not_whole: {folder} is kept, and lacks what was missing before (no older backup was deleted):"
            raise CommandError("\n".join([said, *lacks]))
