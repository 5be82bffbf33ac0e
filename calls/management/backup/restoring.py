"""Restores a backup into a box: nothing is touched before all of it has been read and found whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from calls.management.backup import databases
from calls.management.backup.contents import FOLDERS, HERE, JOURNAL, journals, kept_files
from calls.management.backup.manifest import BackupError, Manifest, read_manifest, verify
from calls.storage.kept_files import missing_keys
from voiceapp.environment import Environment
from voiceapp.runtime.counted import counted
from voiceapp.runtime.private_files import private_file, private_folder


def checked(folder: Path) -> Manifest:
    """The manifest of a backup that is whole, and that this version and database can take. Raises BackupError."""
    manifest = read_manifest(folder)
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupError(
            "newer_backup",
            f"{folder} was made by a later version, which has {len(unknown)} migrations more ({unknown[0]}): "
            "install that version, and restore with it.",
        )
    if manifest.database != connection.vendor:
        raise BackupError(
            "other_database",
            f"{folder} is of {manifest.database}, and DATABASE_URL names {connection.vendor}: set it to such a one.",
        )
    verify(folder, manifest)
    databases.check(folder / databases.FILES[manifest.database])
    return manifest


def restore(folder: Path, manifest: Manifest, var_dir: Path, overwrite: bool) -> list[str]:
    """Fill this box from a backup that was ``checked``; ``overwrite``: what it has is deleted first.

    Returns what is left to a person: files that stand elsewhere already, keys of files that are missing. Raises
    BackupError, OSError.
    """
    if settings.STORAGE_KEYS.flaw and not _brings_keys(manifest, var_dir):
        # Before anything is deleted: without them, nobody could say whether the files can be read.
        raise BackupError("storage_keys_unusable", settings.STORAGE_KEYS.flaw)
    if _is_served(var_dir):
        raise BackupError("server_running", f"a server works on {var_dir}: stop it first.")
    if not overwrite and not (databases.is_empty() and not any(journals(var_dir)) and not any(_kept(var_dir))):
        raise BackupError(
            "not_empty", "this box has a database or recordings of its own: --overwrite deletes them, and restores."
        )
    if overwrite:
        for name in (JOURNAL, *FOLDERS):
            _empty(var_dir / name)
        databases.clear()
    try:
        for kept in manifest.files:
            top, _, path = kept.path.partition("/")
            if top == HERE:
                _copy(folder / kept.path, var_dir / path)
                os.utime(var_dir / path, ns=(kept.mtime_ns, kept.mtime_ns))
        databases.load(folder / databases.FILES[manifest.database])
    except KeyboardInterrupt:
        # Recordings without their rows are nobody's, and the next restore would find the box filled.
        for name in (JOURNAL, *FOLDERS):
            _empty(var_dir / name)
        raise
    left = [said for name, path in manifest.named_files.items() if (said := _put_back(folder / name, Path(path)))]
    # As they are now: the backup may have brought the file that STORAGE_KEYS_FILE names.
    keys = Environment().storage_keys() if settings.STORAGE_KEYS.flaw else settings.STORAGE_KEYS
    left += [f"storage_keys_unusable: {keys.flaw}"] if keys.flaw else []
    left += [
        f"storage_key_missing: {counted(count, 'file is', 'files are')} encrypted by the key {name}, "
        "which this command's STORAGE_KEYS lacks: the server's must have it, or they cannot be read"
        for name, count in missing_keys([*kept_files(var_dir), *journals(var_dir)], keys).items()
    ]
    # An older version's rows become this one's.
    call_command("migrate_once", verbosity=0)
    return left


def _brings_keys(manifest: Manifest, var_dir: Path) -> bool:
    """The backup puts the file in its place that STORAGE_KEYS_FILE names."""
    path = settings.SECRET_FILES.get("STORAGE_KEYS_FILE")
    if path is None:
        return False
    if path.resolve().is_relative_to(var_dir):
        name = f"{HERE}/{path.resolve().relative_to(var_dir).as_posix()}"
        return any(kept.path == name for kept in manifest.files)
    return str(path.absolute()) in manifest.named_files.values() and not path.exists()


def _kept(var_dir: Path) -> list[Path]:
    """But for a key that settings made by themselves."""
    return [path for path in kept_files(var_dir) if path.parent != var_dir]


def _is_served(var_dir: Path) -> bool:
    """Some process holds its journal."""
    for path in journals(var_dir):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _empty(folder: Path) -> None:
    """Delete all that the folder holds. One that is a link, as to another disk, stays one: what is behind it goes.
    Links within lead out of here, and go themselves. Raises BackupError."""
    try:
        for path in folder.iterdir() if folder.exists() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        raise BackupError(
            "not_emptied",
            f"{error.filename or folder} cannot be deleted ({error.strerror}): nothing was restored, and the database "
            "is as it was; mend that, and restore again.",
        ) from error


def _put_back(copy: Path, path: Path) -> str:
    """A file outside of VAR_DIR, where it was; what a person must do where that cannot be."""
    if path.exists():
        return f"{path} is there already; the backup's is {copy}"
    try:
        _copy(copy, path)
    except OSError as error:
        return f"{path} cannot be written ({error.strerror}); the backup's is {copy}"
    return ""


def _copy(source: Path, target: Path) -> None:
    private_folder(target.parent)
    private_file(target)
    shutil.copyfile(source, target)
