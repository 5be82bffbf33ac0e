"""What is kept of VAR_DIR, and copies of files that are written, or deleted, meanwhile."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from calls.management.backup.manifest import KeptFile, chunks_of
from calls.storage.journal_files import journal_files
from voiceapp.runtime.private_files import private_folder, private_open

JOURNAL = "journal"
FOLDERS = ("recordings", "phrases", "keys")
"""Recognition traces lie beside the recordings."""
KEY_FILES = ("secret_key", "*.key")
HERE = "var"
"""VAR_DIR's place in a backup."""


def journals(var_dir: Path) -> Iterator[Path]:
    """Of every process; some may be gone before they are read: then all of it is in the database."""
    return (path for path in journal_files(var_dir / JOURNAL) if path.is_file())


def kept_files(var_dir: Path) -> Iterator[Path]:
    """Recordings, traces, phrases and keys; no links, which lead out of here."""
    for folder in FOLDERS:
        for path in sorted((var_dir / folder).rglob("*")):
            # A phrase that is being written has another name until it is whole.
            if path.is_file() and not path.is_symlink() and path.suffix != ".part":
                yield path
    for pattern in KEY_FILES:
        yield from (path for path in sorted(var_dir.glob(pattern)) if path.is_file() and not path.is_symlink())


def copy_all(
    paths: Iterable[Path], base: Path, folder: Path, before: Mapping[str, KeptFile], before_folder: Path | None
) -> Iterator[KeptFile]:
    """Copy files into the backup, by their paths relative to ``base``; those that are gone meanwhile are left out.

    ``before``: of the backup made before, by path. What has not changed since is linked to its copy there. Raises
    OSError.
    """
    for path in paths:
        name = f"{HERE}/{path.relative_to(base).as_posix()}"
        try:
            status = path.stat()
            private_folder((folder / name).parent)
            old = before.get(name)
            if old and before_folder and (old.size_bytes, old.mtime_ns) == (status.st_size, status.st_mtime_ns):
                # Recordings are never changed once their call is over: fourteen backups take the room of one.
                with suppress(OSError):
                    os.link(before_folder / name, folder / name)
                    yield old
                    continue
            yield copy_file(path, folder / name, name, status.st_mtime_ns)
        except FileNotFoundError:
            continue


def copy_file(source: Path, target: Path, name: str, mtime_ns: int) -> KeptFile:
    """Copy what the file has now, for its owner alone. Raises OSError."""
    digest, size_bytes = hashlib.sha256(), 0
    chunks = chunks_of(source)
    first = next(chunks, b"")
    # Not before the source was opened: what is gone leaves no empty file.
    with private_open(target, "xb") as copy:
        for chunk in (first, *chunks) if first else ():
            digest.update(chunk)
            size_bytes += copy.write(chunk)
    return KeptFile(name, size_bytes, digest.hexdigest(), mtime_ns)
