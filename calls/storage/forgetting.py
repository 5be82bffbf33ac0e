"""Takes calls out of journals, also out of that of a process that is running.

A journal keeps what is long written as rows, and a crash would write it anew. So each line of such a call is
overwritten in its place by blanks, which every reader passes over before it decrypts: nothing moves, and who appends
behind it is not disturbed. Only a journal that is emptied at that moment would be: emptying and overwriting exclude
each other by a record lock (fcntl(2)), which is another than the lock by which a journal is known to be in use.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from calls.storage.journal_files import journal_files
from calls.storage.kept_files import storage_keys
from calls.storage.kept_forms import READ_FIRST_BYTES, KeptLines
from voiceapp.runtime.file_cipher import StorageError

BLANK = b" "


@contextmanager
def not_while_forgetting(file: int | IO[bytes]) -> Iterator[None]:
    """Hold the journal's record lock: nobody overwrites lines, or empties it, meanwhile. Blocking, microseconds."""
    fcntl.lockf(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


def forget_in_journals(folder: Path, call_sids: Collection[str]) -> int:
    """Overwrite the lines of these calls in all journals of the folder; returns how many. Raises StorageError
    (where one of them cannot be decrypted, or none of its lines read, nothing is overwritten: mended, it would bring
    the calls back), OSError."""
    paths = journal_files(folder)
    for path in paths:
        # Before any is changed.
        with path.open("rb") as file:
            _refuse_damaged(path, file)
    return sum(_forget(path, call_sids) for path in paths)


def _forget(path: Path, call_sids: Collection[str]) -> int:
    forgotten = at = 0
    with path.open("r+b", buffering=0) as file:
        form = _form_of(file)
        for line in _lines(file):
            if _call_of(form, at, line) in call_sids:
                with not_while_forgetting(file):
                    # It may have been emptied, and written anew, since the line was read.
                    if os.pread(file.fileno(), len(line), at) == line:
                        os.pwrite(file.fileno(), BLANK * (len(line) - 1), at)
                        forgotten += 1
            at += len(line)
        os.fdatasync(file.fileno())
    return forgotten


def _refuse_damaged(path: Path, file: IO[bytes]) -> None:
    """Raises StorageError."""
    form, at, unread = _form_of(file), 0, 0
    for line in _lines(file):
        if _call_of(form, at, line):
            return
        is_head = form.cipher is not None and at == 0
        unread += bool(line.strip()) and not is_head
        at += len(line)
    if unread:
        raise StorageError("journal_damaged", f"{path.name}: none of its lines can be read: mend it or delete it first")


def _form_of(file: IO[bytes]) -> KeptLines:
    """Raises StorageError."""
    return KeptLines.of(os.pread(file.fileno(), READ_FIRST_BYTES, 0), storage_keys())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, each with its end, as the file has them now."""
    rest = b""
    while data := file.read(1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        yield from (line + b"\n" for line in lines)


def _call_of(form: KeptLines, at: int, line: bytes) -> str:
    """The record's CallSid; "" where the line is none."""
    try:
        return str(json.loads(form.read(at, line.removesuffix(b"\n")))["call_sid"])
    except (RecursionError, ValueError, KeyError, TypeError, StorageError):
        return ""
