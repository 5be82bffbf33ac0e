"""Checks of the files of calls: whether they are encrypted, by which key, and can be decrypted. Blocking."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from calls.desk.privacy.files import SUFFIXES
from calls.management.doctor.finding import Finding, failed, ok, warning
from calls.storage.journal_files import journal_files
from calls.storage.kept_files import PUT_BACK, missing_keys, storage_keys
from calls.storage.rewriting import PART_SUFFIX, is_under, left_parts
from voiceapp.runtime.counted import counted
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.storage_keys import StorageKey

DAYS_LOOKED_AT = 30
"""The newest folders of recordings: years of them are many files."""
FILES_COMPARED = 500
"""The newest files of those: what was recorded since the key was set, and some of before."""


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
    files = [path for day in days for path in day.glob("*")] + list(journal_files(var_dir / "journal"))
    missing = missing_keys(files)
    if newest is None and not missing:
        yield warning(
            "storage",
            "recordings, traces and journals are plain files: STORAGE_KEYS is empty",
            "set it to what manage.py storage_key prints, or encrypt the disk",
        )
    elif newest is not None:
        yield _under(newest, files)
    for name, count in missing.items():
        yield failed(
            "storage_key_missing",
            f"{counted(count, 'file is', 'files are')} encrypted by the key {name}, which STORAGE_KEYS lacks",
            PUT_BACK,
        )


def _half_written() -> Iterator[Finding]:
    if count := sum(1 for _ in left_parts(Path(settings.VAR_DIR) / "recordings")):
        yield warning(
            "half_written_files",
            f"{count} copies of recordings, perhaps plain ones, were left by a manage.py reencrypt that was killed",
            "run it again: it deletes them",
        )


def _under(key: StorageKey, files: Iterable[Path]) -> Finding:
    """How many of the newest files are not encrypted by the key. One that nobody can read is another finding's."""
    written: list[tuple[float, Path]] = []
    for path in files:
        # Gone meanwhile, or not to be looked at.
        with suppress(OSError):
            status = path.lstat()
            if status.st_size and (path.suffix in SUFFIXES - {PART_SUFFIX} or path.parent.name == "journal"):
                written.append((status.st_mtime, path))
    looked_at = others = 0
    for _, path in heapq.nlargest(FILES_COMPARED, written):
        with suppress(OSError, StorageError):
            others += not is_under(path, key)
            looked_at += 1
    if others:
        return warning(
            "storage",
            f"{others} of the newest {looked_at} files of calls are plain or under another key than {key.name}",
            "run manage.py reencrypt, again when the calls that run now are over",
        )
    return ok("storage", f"recordings, traces and journals are encrypted by the key {key.name}")
