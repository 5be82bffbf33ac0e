"""The manifest of a backup: what is in it, by size and SHA-256, and which migrations its database has.

It is written last, so that a folder without one is no backup; restoring reads it first, and takes no file that differs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.private_files import private_open

NAME = "manifest.json"
FORM = 1
"""Of the folder; a later version that writes another form says so here."""
CHUNK_BYTES = 1 << 20


class BackupError(CodedError):
    """No backup was made, or none restored; ``code: what to do``."""


class KeptFile(msgspec.Struct, frozen=True):
    path: str
    """Relative to the backup's folder."""
    size_bytes: int
    sha256: str
    mtime_ns: int
    """Of the file that it is a copy of: one of the same size and time is not copied again."""


class Manifest(msgspec.Struct, frozen=True):
    form: int
    made_at: str
    """ISO 8601, UTC."""
    database: str
    """``sqlite`` or ``postgresql``."""
    migrations: list[str]
    """``app.name`` of all that the database has."""
    files: list[KeptFile]
    named_files: dict[str, str]
    """Where files outside of VAR_DIR were that variables name, by their path in the backup."""
    unexamined: list[str] = []
    """The paths of recordings and traces of which nobody knows yet whether something is missing: they were still
    written, or the command was killed. The next backup examines them."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replaces one that is there, whole or not at all. Raises OSError."""
    part = folder / f"{NAME}.part"
    with private_open(part, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    os.replace(part, folder / NAME)


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupError where there is none that this version understands."""
    try:
        raw = (folder / NAME).read_bytes()
    except OSError as error:
        raise BackupError(
            "no_backup", f"{folder} has no {NAME} that can be read ({error.strerror}): it is no whole backup."
        ) from error
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError("bad_manifest", f"{folder / NAME} is not understood ({error}).") from error
    if manifest.form != FORM:
        raise BackupError("newer_backup", f"{folder} was made by a later version: install that one.")
    for kept in manifest.files:
        path = PurePosixPath(kept.path)
        if path.is_absolute() or ".." in path.parts:
            raise BackupError("bad_manifest", f"{folder / NAME} names a file outside of it: {kept.path}")
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Read every file and compare it. Raises BackupError with the first that differs."""
    for kept in manifest.files:
        digest, size_bytes = hashlib.sha256(), 0
        try:
            for chunk in chunks_of(folder / kept.path):
                digest.update(chunk)
                size_bytes += len(chunk)
        except OSError as error:
            raise BackupError("damaged", f"{folder / kept.path} cannot be read ({error.strerror}).") from error
        if size_bytes != kept.size_bytes or digest.hexdigest() != kept.sha256:
            raise BackupError("damaged", f"{folder / kept.path} is not what was backed up: take an older backup.")


def chunks_of(path: Path) -> Iterator[bytes]:
    """Raises OSError."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
