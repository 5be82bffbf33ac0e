"""``manage.py restore DIR``: what ``manage.py backup`` has kept, into an empty box; all of it is verified first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.management.backup.manifest import BackupError, read_manifest
from calls.management.backup.restoring import checked, restore
from voiceapp.runtime.counted import counted
from voiceapp.runtime.one_at_a_time import AlreadyRunning, reading_from, working_on
from voiceapp.service_urls import database_url


class Command(BaseCommand):
    help = "Verify a backup and restore it: database, recordings, traces, journals, phrases and keys."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--verify", action="store_true", help="Read all of it, and restore nothing.")
        parser.add_argument("--overwrite", action="store_true", help="Delete what this box has first.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].absolute()
        try:
            read_manifest(folder)
            with reading_from(folder):
                manifest = checked(folder)
                self.stdout.write(f"{folder}: {counted(len(manifest.files), 'file')} of {manifest.made_at}, all whole")
                if options["verify"]:
                    return
                with working_on(Path(settings.VAR_DIR), is_restored=True):
                    left = restore(folder, manifest, Path(settings.VAR_DIR), options["overwrite"])
        except (BackupError, AlreadyRunning) as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except OSError as error:
            raise CommandError(f"not_restored: {error.filename or folder} ({error.strerror})") from error
        self.stdout.write(f"restored into {settings.VAR_DIR} and {database_url(settings.DATABASES['default'])}")
        for sentence in left:
            self.stdout.write(sentence)
        self.stdout.write("Start the server: it writes the journals' turns, and hears again what running calls said.")
