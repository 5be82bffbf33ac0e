"""Says what a backup lacks though it is whole: what was damaged before it was made, and files that were not there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from calls.desk.privacy.files import CallFile
from calls.desk.privacy.reencryption import with_ends
from calls.storage.losses import loss_of
from calls.storage.recording import RECORDING_SUFFIX
from voiceapp.backup.contents import HERE
from voiceapp.backup.manifest import Manifest

READ_THROUGH = {RECORDING_SUFFIX, ".trace"}


def files_not_there(named: Mapping[str, Path]) -> Iterator[str]:
    """Files that variables name, by whose absence a box would be restored without its keys."""
    for variable, path in named.items():
        # Not every box has a .env.
        if variable != "ENV_FILE" and not path.is_file():
            yield f"not_there: {variable} names {path}, which is not there"


def losses(folder: Path, manifest: Manifest, before: Manifest | None) -> Iterator[str]:
    """What is missing of recordings and traces that this backup has and the one before had not: each is told of once.
    Reads them. Blocking; asks the database. Raises OSError."""
    old = set(before.files) if before else set()
    new = (kept for kept in manifest.files if kept.path.startswith(f"{HERE}/recordings/") and kept not in old)
    files = (
        CallFile(folder / kept.path, Path(kept.path).name.partition("-")[0], kept.mtime_ns / 1e9, kept.size_bytes)
        for kept in new
        if Path(kept.path).suffix in READ_THROUGH
    )
    for file, is_over in with_ends(files, time.time()):
        loss = loss_of(file.path)
        # What still grows has no end.
        if loss.parts or loss.code or (loss and is_over):
            yield loss.sentence(file.path)
