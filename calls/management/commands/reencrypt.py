"""``manage.py reencrypt``: bring recordings, traces and waveforms under the first key of STORAGE_KEYS, while calls run.

After a key was added it is run once more when the calls that ran are over; when it says that nothing is left, the old
key may be taken out. ``--plain`` takes the encryption away.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_command
from calls.desk.privacy.files import call_files, recordings
from calls.desk.privacy.reencryption import journals_not_under, reencrypt
from calls.management.rows_command import RowsCommand
from calls.storage.kept_files import PUT_BACK, missing_keys, storage_keys
from voiceapp.runtime.counted import counted
from voiceapp.runtime.one_at_a_time import working_on
from voiceapp.runtime.storage_keys import StorageKey


class Command(RowsCommand):
    help = "Encrypt the files of calls by the first key of STORAGE_KEYS, or make them plain."
    opens_files_of_calls = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plain", action="store_true", help="Take the encryption away.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Read all of them, say what would be done, and change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key, dry = None if options["plain"] else storage_keys().newest, options["dry_run"]
        if key is None and not options["plain"]:
            if missing := missing_keys(file.path for file in call_files(recordings())):
                raise CommandError(
                    f"storage_key_missing: STORAGE_KEYS is empty, and "
                    f"{counted(missing.total(), 'file is', 'files are')} encrypted by the key "
                    f"{', '.join(missing)}: {PUT_BACK}"
                )
            raise CommandError("no_storage_key: STORAGE_KEYS is empty: manage.py storage_key makes a key")
        with nullcontext() if dry else working_on(Path(settings.VAR_DIR), "reencrypt"):
            self._bring_under(key, dry=dry)

    def _bring_under(self, key: StorageKey | None, *, dry: bool) -> None:
        if key is None and not dry:
            # Whoever can do it may read them, and from now on so may whoever has the disk.
            note_command(Kind.EXPORT, "reencrypt", calls=0, detail=Detail.MADE_PLAIN)
        try:
            found = reencrypt(recordings(), key, dry=dry)
        except OSError as error:
            raise CommandError(f"not_written: {error}") from error
        under = f"encrypted by the key {key.name}" if key else "plain"
        done = "would be" if dry else "is now" if found.files == 1 else "are now"
        self.stdout.write(f"{counted(found.files, 'file')} ({found.size_bytes / 1e6:.1f} MB) {done} {under}")
        if found.parts:
            done = "to be deleted" if dry else "deleted"
            self.stdout.write(f"{done}: {counted(found.parts, 'half-written file')}, left by a run that was killed")
        journals = journals_not_under(Path(settings.VAR_DIR) / "journal", key)
        if found.running or journals:
            self.stdout.write(
                f"not yet: {counted(found.running, 'file')} of running calls, "
                f"{counted(journals, 'journal')} of processes that began before: "
                "keep the older keys, and run this again when those calls and processes have ended"
            )
        for one in found.unreadable:
            self.stderr.write(one)
        if found.unreadable:
            # Of a dry run as well: it reads them as the run would.
            raise CommandError(
                f"not_reencrypted: {counted(len(found.unreadable), 'file')}, the first: {found.unreadable[0]}"
            )
