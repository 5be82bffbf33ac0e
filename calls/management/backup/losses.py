"""Says what a backup lacks though it is whole: what was damaged before it was made, and files that were not there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from calls.desk.privacy.files import CallFile
from calls.desk.privacy.reencryption import with_ends
from calls.management.backup.contents import HERE
from calls.management.backup.manifest import KeptFile, Manifest
from calls.storage.losses import loss_of
from calls.storage.recording import RECORDING_SUFFIX

READ_THROUGH = {RECORDING_SUFFIX, ".trace"}


def files_not_there(named: Mapping[str, Path]) -> Iterator[str]:
    """Files that variables name, by whose absence a box would be restored without its keys."""
    for variable, path in named.items():
        # Not every box has a .env.
        if variable != "ENV_FILE" and not path.is_file():
            yield f"not_there: {variable} names {path}, which is not there"


def to_examine(files: Iterable[KeptFile], before: Manifest | None) -> list[str]:
    """The paths of recordings and traces that the backup before had not, had otherwise, or had not examined."""
    old = set(before.files) if before else set()
    left = set(before.unexamined) if before else set()
    of_calls = (kept for kept in files if kept.path.startswith(f"{HERE}/recordings/"))
    return [
        kept.path
        for kept in of_calls
        if Path(kept.path).suffix in READ_THROUGH and (kept not in old or kept.path in left)
    ]


def examine(folder: Path, manifest: Manifest, before: Manifest | None) -> tuple[list[str], list[str]]:
    """What is missing of the manifest's unexamined recordings and traces, a sentence each, and the paths of those that
    have no end yet and may still grow: they stay unexamined. Reads them. Blocking; asks the database. Raises OSError.
    """
    paths = set(manifest.unexamined)
    bytes_before = {kept.path: kept.size_bytes for kept in before.files} if before else {}
    files = (
        CallFile(folder / kept.path, Path(kept.path).name.partition("-")[0], kept.mtime_ns / 1e9, kept.size_bytes)
        for kept in manifest.files
        if kept.path in paths
    )
    told, growing = [], []
    for file, is_over in with_ends(files, time.time()):
        loss = loss_of(file.path)
        path = file.path.relative_to(folder).as_posix()
        # What still grows has no end; what became shorter was cut off, and an older backup may have all of it.
        if loss.parts or loss.code or (loss and (is_over or file.size_bytes < bytes_before.get(path, 0))):
            told.append(loss.sentence(file.path))
        elif loss:
            growing.append(path)
    return told, growing
