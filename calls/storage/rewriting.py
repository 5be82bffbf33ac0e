"""Writes a file of a call anew under another storage key, or plain: whole or not at all, and never while it grows.

A file that is deleted meanwhile stays deleted: who deletes such files, and who puts one in the place of another, holds
their folder (``changing``).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from calls.storage.kept_files import encrypted_by, is_whole, lines_of, opened
from calls.storage.kept_forms import KeptChunks, KeptLines
from calls.storage.recording import HEADER, RECORDING_SUFFIX, SLOT_BYTES, Recording, RecordingError
from voiceapp.runtime.file_cipher import FileCipher
from voiceapp.runtime.storage_keys import StorageKey

PART_SUFFIX = ".part"
"""Of a file that is not whole yet; its name begins with the call's. Who writes it holds it (flock): one that nobody
holds was left by a process that was killed, and may be the plain copy of an encrypted file."""
TOUCHED_NS = 1_000_000
"""Added to the time at which a file was last written, by which it is kept or deleted: with the same time and size the
next backup would take the copy of the one before (calls/management/backup/contents.py), which is under the old key."""


class FileChanged(Exception):
    """It was written or deleted meanwhile, and is left as it is."""


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold the folder of recordings: nobody else deletes or replaces files in it. Blocking. Raises OSError."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def is_under(path: Path, key: StorageKey | None) -> bool:
    """The file is encrypted by this key, or, without one, plain. Raises StorageError, OSError."""
    return encrypted_by(path) == (key.key_id if key else None)


def rewrite(path: Path, key: StorageKey | None, folder: Path) -> int:
    """Put the file under this key, of which the process knows, or, without one, make it plain; its owner and the time
    of its last sound stay. Returns its size then. Blocking. Raises StorageError and RecordingError where a part of it
    cannot be read, FileChanged, OSError: then it is left as it is. ``folder``: of all recordings."""
    before = path.stat()

    def is_unchanged() -> bool:
        now = path.stat()
        return (now.st_ino, now.st_size, now.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)

    with _part_of(path, folder) as part:
        made = Path(part.name)
        try:
            size_bytes = sum(part.write(piece) for piece in _pieces(path, key))
            part.flush()
            os.fsync(part.fileno())
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                # Of the server's user, who could not read what root has made.
                os.chown(made, before.st_uid, before.st_gid)
            os.utime(made, ns=(before.st_atime_ns, before.st_mtime_ns + TOUCHED_NS))
            if _is_the_same(path, made):
                with changing(folder), suppress(FileNotFoundError):
                    if is_unchanged():
                        os.replace(made, path)
                        return size_bytes
            raise FileChanged(path.name)
        finally:
            made.unlink(missing_ok=True)


def check(path: Path) -> int:
    """Read the file as ``rewrite`` does; returns its size. Blocking. Raises StorageError and RecordingError where a
    part of it cannot be read, OSError."""
    for _ in _plain(path, is_recording=path.suffix == RECORDING_SUFFIX):
        pass
    return path.stat().st_size


def left_parts(folder: Path) -> Iterator[Path]:
    """Parts that no living process writes. Blocking."""
    for path in _parts(folder):
        # Gone, or another user's.
        with suppress(OSError), path.open("rb") as part:
            if _is_left(part):
                yield path


def delete_left_parts(folder: Path) -> int:
    """Returns how many there were. Blocking. Raises OSError."""
    if not folder.is_dir():
        return 0
    deleted = 0
    # Nobody makes a part meanwhile, which is held only when it is there.
    with changing(folder):
        for path in _parts(folder):
            with suppress(FileNotFoundError), path.open("rb") as part:
                if _is_left(part):
                    path.unlink()
                    deleted += 1
    return deleted


def _part_of(path: Path, folder: Path) -> IO[bytes]:
    with changing(folder):
        part = NamedTemporaryFile(  # noqa: SIM115 - the caller's to close
            dir=path.parent, prefix=f"{path.name}.", suffix=PART_SUFFIX, delete=False
        )
        fcntl.flock(part, fcntl.LOCK_EX)
    return part


def _parts(folder: Path) -> Iterator[Path]:
    # A day's folder that is a link leads out of here.
    days = (day for day in folder.glob("*") if not day.is_symlink())
    return (path for day in days for path in day.glob(f"*{PART_SUFFIX}") if not path.is_symlink())


def _is_left(part: IO[bytes]) -> bool:
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pieces(path: Path, key: StorageKey | None) -> Iterator[bytes]:
    """The file's bytes under the key."""
    is_recording = path.suffix == RECORDING_SUFFIX
    form: KeptChunks | KeptLines
    if is_recording:
        form = KeptChunks(FileCipher.new(key, SLOT_BYTES, HEADER) if key else None, HEADER)
    else:
        form = KeptLines(FileCipher.new(key) if key else None)
    yield form.head
    at = len(form.head)
    for plain in _plain(path, is_recording=is_recording):
        piece = form.written(at, plain)
        yield piece
        at += len(piece)
    if Recording(path).is_whole if is_recording else is_whole(path):
        yield form.last(at)


def _plain(path: Path, *, is_recording: bool) -> Iterator[bytes]:
    """Slots or lines, all of them."""
    if not is_recording:
        yield from lines_of(path, all_of_them=True)
        return
    with opened(path) as file:
        if file.read(0, len(HEADER)) != HEADER:
            raise RecordingError("damaged_recording", "it is no recording")
        for at in range(len(HEADER), file.size_bytes - SLOT_BYTES + 1, SLOT_BYTES):
            yield file.read(at, SLOT_BYTES)


def _is_the_same(path: Path, made: Path) -> bool:
    """Both say the same."""
    is_recording = path.suffix == RECORDING_SUFFIX
    both = (_plain(one, is_recording=is_recording) for one in (path, made))
    return all(one == other for one, other in zip_longest(*both))
