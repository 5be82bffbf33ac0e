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
from typing import IO, Any

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
            refuse_damaged(path, file)
    return sum(forget_in_journal(path, call_sids) for path in paths)


def forget_in_journal(path: Path, call_sids: Collection[str]) -> int:
    """As ``forget_in_journals``, in this one alone. Raises StorageError, OSError."""
    forgotten = 0
    with path.open("r+b", buffering=0) as file:
        for at, line, values in journal_lines(file):
            if values is not None and str(values["call_sid"]) in call_sids:
                with not_while_forgetting(file):
                    # It may have been emptied, and written anew, since the line was read.
                    if os.pread(file.fileno(), len(line), at) == line:
                        os.pwrite(file.fileno(), BLANK * (len(line) - 1), at)
                        forgotten += 1
        os.fdatasync(file.fileno())
    return forgotten


def refuse_damaged(path: Path, file: IO[bytes]) -> None:
    """Raises StorageError ``journal_damaged`` where there are lines, and none of them can be read."""
    unread = 0
    for _at, _line, values in journal_lines(file):
        if values is not None:
            return
        unread += 1
    if unread:
        raise StorageError("journal_damaged", f"{path.name}: none of its lines can be read: mend it or delete it first")


def journal_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes, dict[str, Any] | None]]:
    """Of a journal that is open at its beginning: where each line begins, the line with its end, and its record as
    JSON with its ``call_sid``; None where it cannot be read. Forgotten lines and an encrypted one's head are passed
    over. Raises StorageError, OSError."""
    form, at = _form_of(file), 0
    for line in _lines(file):
        is_head = form.cipher is not None and at == 0
        if line.strip() and not is_head:
            yield at, line, _record_of(form, at, line)
        at += len(line)


def _form_of(file: IO[bytes]) -> KeptLines:
    """Raises StorageError."""
    return KeptLines.of(os.pread(file.fileno(), READ_FIRST_BYTES, 0), storage_keys())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, each with its end, as the file has them now."""
    rest = b""
    while data := file.read(1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        yield from (line + b"\n" for line in lines)


def _record_of(form: KeptLines, at: int, line: bytes) -> dict[str, Any] | None:
    try:
        values = json.loads(form.read(at, line.removesuffix(b"\n")))
    except (RecursionError, ValueError, StorageError):
        return None
    return values if isinstance(values, dict) and values.get("call_sid") else None
