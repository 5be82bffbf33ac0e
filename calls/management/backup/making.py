"""Makes a backup while calls run.

The order makes it whole: first the journals, then the database, then the recordings. A turn that was accepted before
the journals were copied is in them or, where its process had written it and emptied its journal since, in the database,
which is copied later. What a row names was on disk before the row, so that the recordings, which are copied last, have
all of it. Restoring writes the journals' turns and hears again what a running call had said, as after a crash.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from calls.management.backup import databases
from calls.management.backup.contents import copy_all, copy_file, journals, kept_files
from calls.management.backup.losses import to_examine
from calls.management.backup.manifest import FORM, BackupError, KeptFile, Manifest, read_manifest, write_manifest
from voiceapp.runtime.one_at_a_time import AlreadyRunning, alone_in
from voiceapp.runtime.private_files import private_folder

DATED = re.compile(r"\d{8}T\d{6}Z")
UNFINISHED = ".unfinished"
"""Behind a folder's name until its backup is whole."""
NAMED = "named"
"""The folder of files that variables name."""


def back_up(
    folder: Path,
    var_dir: Path,
    named: Mapping[str, Path],
    before: Path | None = None,
    left_out: Path | None = None,
) -> Manifest:
    """Make a backup in a folder that is empty or not there; ``named``: files outside of VAR_DIR, by their variable;
    ``left_out``: a file that is not copied, wherever it is.

    ``before``: the backup before this one, beside it, for what has not changed since. Raises BackupError,
    AlreadyRunning where another process makes one there, OSError.
    """
    with _part_of(folder) as part:
        last = read_manifest(before) if before else None
        old = {file.path: file for file in last.files} if last else {}
        files = [*copy_all(journals(var_dir), var_dir, part, {}, None)]
        migrations = databases.applied_migrations()
        dumped = databases.dump(part)
        connection.close()
        files.append(_kept(part, dumped))
        apart = left_out.resolve() if left_out else None
        kept = (path for path in kept_files(var_dir) if path.resolve() != apart)
        files += copy_all(kept, var_dir, part, old, before)
        named_files = {}
        for variable, path in named.items():
            if path.resolve() != apart and path.is_file() and not path.resolve().is_relative_to(var_dir):
                name = f"{NAMED}/{variable}"
                private_folder(part / NAMED)
                files.append(copy_file(path, part / name, name, path.stat().st_mtime_ns))
                named_files[name] = str(path.absolute())
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(FORM, made_at, connection.vendor, migrations, files, named_files, to_examine(files, last))
        write_manifest(part, manifest)
        if folder.exists():
            folder.rmdir()
        os.rename(part, folder)
        return manifest


def dated_folder(folder: Path) -> tuple[Path, Path | None]:
    """A new backup's folder in this one, and the newest whole one that is there."""
    whole = dated_backups(folder)
    return folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), whole[-1] if whole else None


def dated_backups(folder: Path) -> list[Path]:
    """The whole ones in the folder, oldest first."""
    found = (path for path in folder.glob("*") if DATED.fullmatch(path.name))
    return sorted(path for path in found if (path / "manifest.json").is_file())


def forget_old(folder: Path, keep: int) -> int:
    """Delete all but the newest, and those that are being restored or verified; returns how many. Raises OSError."""
    deleted = 0
    for path in dated_backups(folder)[:-keep]:
        with suppress(AlreadyRunning), alone_in(path):
            shutil.rmtree(path)
            deleted += 1
    return deleted


def delete_broken_off(folder: Path) -> int:
    """Delete dated backups that were not finished and that no living process makes: nothing restores them, and they
    hold callers' words. Returns how many. Raises OSError."""
    deleted = 0
    for path in folder.glob(f"*{UNFINISHED}"):
        if DATED.fullmatch(path.name.removesuffix(UNFINISHED)) and path.is_dir() and not path.is_symlink():
            with suppress(AlreadyRunning, FileNotFoundError), alone_in(path):
                shutil.rmtree(path)
                deleted += 1
    return deleted


@contextmanager
def _part_of(folder: Path) -> Iterator[Path]:
    """The empty folder in which this backup becomes whole. Raises BackupError, AlreadyRunning, OSError."""
    _refuse_filled(folder)
    part = folder.with_name(folder.name + UNFINISHED)
    with alone_in(part):
        # What is in it is of a backup that was broken off: who makes one holds it.
        for path in part.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        try:
            # Another may have become whole since it was looked at.
            _refuse_filled(folder)
        except BackupError:
            part.rmdir()
            raise
        try:
            yield part
        except KeyboardInterrupt:
            # Whoever breaks it off is there, and need not delete callers' words by hand.
            shutil.rmtree(part)
            raise


def _refuse_filled(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise BackupError("not_empty", f"{folder} is not empty: name a new folder, or use --dated.")


def _kept(part: Path, name: str) -> KeptFile:
    """Of a file that stands in the backup already."""
    with (part / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    status = (part / name).stat()
    return KeptFile(name, status.st_size, digest, status.st_mtime_ns)
