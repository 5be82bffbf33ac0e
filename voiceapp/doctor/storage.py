"""Checks of the files of calls: whether they are encrypted, and can be decrypted. Blocking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from calls.storage.kept_files import PUT_BACK, missing_keys, storage_keys
from calls.storage.rewriting import left_parts
from voiceapp.doctor.finding import Finding, failed, ok, warning
from voiceapp.runtime.file_cipher import StorageError

DAYS_LOOKED_AT = 30
"""The newest folders of recordings: years of them are many files."""


def storage() -> Iterator[Finding]:
    """There is a key, none is missing that files are encrypted by, and no half-written file is left of a reencrypt."""
    yield from _half_written()
    try:
        newest = storage_keys().newest
    except StorageError as error:
        flaw, _, advice = error.message.partition("; ")
        yield failed(error.code, flaw, advice)
        return
    var_dir = Path(settings.VAR_DIR)
    days = sorted((var_dir / "recordings").glob("*"))[-DAYS_LOOKED_AT:]
    files = [path for folder in (*days, var_dir / "journal") for path in folder.glob("*")]
    missing = missing_keys(files)
    if newest is None and not missing:
        yield warning(
            "storage",
            "recordings, traces and journals are plain files: STORAGE_KEYS is empty",
            "set it to what manage.py storage_key prints, or encrypt the disk",
        )
    elif newest is not None:
        yield ok("storage", f"recordings, traces and journals are encrypted by the key {newest.name}")
    for name, count in missing.items():
        yield failed(
            "storage_key_missing",
            f"{count} files are encrypted by the key {name}, which STORAGE_KEYS lacks",
            PUT_BACK,
        )


def _half_written() -> Iterator[Finding]:
    if count := sum(1 for _ in left_parts(Path(settings.VAR_DIR) / "recordings")):
        yield warning(
            "half_written_files",
            f"{count} copies of recordings, perhaps plain ones, were left by a manage.py reencrypt that was killed",
            "run it again: it deletes them",
        )
