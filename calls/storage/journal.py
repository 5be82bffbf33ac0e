"""The journal: a file that holds what a process has accepted until the database has it.

Each process has one file, locked while the process lives; each line is a record as JSON, encrypted where STORAGE_KEYS
has a key (calls/storage/kept_forms.py). After ``append`` a record
survives the process (the kernel has it); after ``sync`` it survives the machine (the disk has it). The database's
thread reads the lines back to write rows and moves a checkpoint behind what is written. A long backlog is deferred, so
that new records need not wait for it. A file whose lock is free is orphaned: its process has died, and the next process
that scans the folder writes it. Owns no database and no thread: calls/storage/journal_appender.py appends,
calls/storage/row_writer.py reads.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from calls.storage.forgetting import BLANK, not_while_forgetting
from calls.storage.journal_files import SEALED_SUFFIX, SUFFIX, journal_files
from calls.storage.kept_files import note_damage, storage_keys
from calls.storage.kept_forms import READ_FIRST_BYTES, KeptLines
from calls.storage.records import Record, RecordError, record_from_json, record_to_json
from voiceapp.runtime import metrics
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.private_files import FILE_MODE, private_folder

logger = logging.getLogger(__name__)

MIN_TRUNCATE_BYTES = 8_000_000
"""A journal is truncated when it has this size and all of its records are written."""
READ_CHUNK_BYTES = 256_000
"""The size of one read; a line that is longer is read in as many as it takes."""


class Journal:
    """One process's file. One thread appends, one reads. Methods raise OSError when the disk fails."""

    def __init__(self, path: Path, file: int) -> None:
        """``file`` is open for reading and appending, and locked. Raises StorageError, OSError."""
        self.path = path
        self._file = file
        self.appended_bytes = os.fstat(file).st_size
        self._lines = (
            KeptLines.of(os.pread(file, READ_FIRST_BYTES, 0), storage_keys())
            if self.appended_bytes
            else KeptLines.new(storage_keys())
        )
        self.written_bytes = 0
        """Everything before this place is in the database or deferred."""
        self._deferred: deque[tuple[int, int]] = deque()
        """Where each deferred stretch begins and ends, oldest first."""
        self._some_read = self._some_damaged = False

    @classmethod
    def begin(cls, folder: Path) -> Journal:
        """Create this process's journal. Raises StorageError where the keys cannot be used: then nothing is made."""
        suffix = SEALED_SUFFIX if storage_keys().newest else SUFFIX
        private_folder(folder)
        path = folder / f"{socket.gethostname()}-{os.getpid()}-{time.time_ns():x}{suffix}"
        unlocked = path.with_suffix(".new")
        file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE_MODE)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Other processes take a journal without a lock for an orphan: the file has its lock before its name.
        unlocked.rename(path)
        return cls(path, file)

    @classmethod
    def orphaned(cls, path: Path) -> Journal | None:
        """Lock and open the journal of a process that died; None when the process lives, or the file is gone or we may
        not read it. Raises StorageError, and OSError when the disk fails."""
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND)
        except (FileNotFoundError, PermissionError):
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:
                return cls(path, file)
            # Otherwise another process wrote and removed it before we had the lock.
        except BlockingIOError:
            pass
        except (OSError, StorageError):
            os.close(file)
            raise
        os.close(file)
        return None

    def append(self, records: list[Record]) -> list[Record]:
        """Append a line for each record and return the records that no line can hold. Raises OSError (disk full): then
        none was appended."""
        lines, refused = bytearray(b"" if self.appended_bytes else self._lines.head), []
        for record in records:
            try:
                lines += self._lines.written(self.appended_bytes + len(lines), _line_of(record))
            except (RecursionError, TypeError, ValueError) as error:
                metrics.RECORDS_UNJOURNALED.inc()
                logger.error("a %s cannot be a line of the journal (%s)", type(record).__name__, type(error).__name__)
                refused.append(record)
        try:
            done = 0
            while done < len(lines):
                done += os.write(self._file, lines[done:])
        except OSError:
            os.ftruncate(self._file, self.appended_bytes)
            raise
        self.appended_bytes += len(lines)
        return refused

    def sync(self) -> None:
        """Put what was appended on the disk."""
        os.fdatasync(self._file)

    def unwritten(self, max_records: int) -> tuple[list[Record], int]:
        """The next records that are not rows yet, and the place behind them for ``checkpoint``."""
        # appended_bytes is read once: the other thread goes on appending, and that is for the next call.
        return self._read(self.written_bytes, self.appended_bytes, max_records)

    def checkpoint(self, at: int) -> None:
        """Note that everything before this place is in the database or deferred."""
        self.written_bytes = at

    def defer_unwritten(self) -> None:
        """Defer what is unwritten: ``unwritten`` goes on with what is appended from now on."""
        begin, end = self.written_bytes, self.appended_bytes
        if self._deferred and self._deferred[-1][1] == begin:
            begin, _ = self._deferred.pop()
        self._deferred.append((begin, end))
        self.written_bytes = end

    def unwritten_deferred(self, max_records: int) -> tuple[list[Record], int]:
        """As ``unwritten``, of the oldest deferred stretch; the place is for ``checkpoint_deferred``."""
        return self._read(*self._deferred[0], max_records) if self._deferred else ([], 0)

    def checkpoint_deferred(self, at: int) -> None:
        """Note that the oldest deferred stretch is in the database up to this place."""
        _, end = self._deferred.popleft()
        if at < end:
            self._deferred.appendleft((at, end))

    def _read(self, at: int, end: int, max_records: int) -> tuple[list[Record], int]:
        records: list[Record] = []
        length = min(READ_CHUNK_BYTES, end - at)
        data = os.pread(self._file, length, at)
        while b"\n" not in data and length < end - at:
            # The line is longer than a chunk; without all of it, nothing behind it would ever be written.
            length = min(2 * length, end - at)
            data = os.pread(self._file, length, at)
        while len(records) < max_records and (line_end := data.find(b"\n")) >= 0:
            records += self._record_of(at, data[:line_end])
            at += line_end + 1
            data = data[line_end + 1 :]
        return records, at

    @property
    def behind_bytes(self) -> int:
        """How much is not in the database yet."""
        return self.appended_bytes - self.written_bytes + self.deferred_bytes

    @property
    def deferred_bytes(self) -> int:
        """How much of it is deferred."""
        return sum(end - begin for begin, end in self._deferred)

    def truncate_if_written(self) -> bool:
        """Empty the file if it is long and all of it is written; True if so. For the thread that appends."""
        if self.appended_bytes < MIN_TRUNCATE_BYTES or self.behind_bytes:
            return False
        with not_while_forgetting(self._file):
            os.ftruncate(self._file, 0)
        self.appended_bytes = self.written_bytes = 0
        # What is written in the same places is encrypted anew.
        self._lines = KeptLines.new(storage_keys())
        return True

    def drop_torn_line(self) -> None:
        """Pass over half a line at the end of an orphaned journal: it was never accepted."""
        if self.behind_bytes:
            logger.error("the journal %s ends with %d bytes of a line", self.path.name, self.behind_bytes)
            self.written_bytes = self.appended_bytes

    @property
    def is_unreadable(self) -> bool:
        """It has lines, and none that was read so far is a record."""
        return self._some_damaged and not self._some_read

    def close(self) -> None:
        """Release the lock; a journal with nothing left to write is removed. One that is unreadable stays: a byte of an
        encrypted one's head decides about all of its lines, and with that byte back they are calls again."""
        if self.behind_bytes == 0 and not self.is_unreadable:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _record_of(self, at: int, line: bytes) -> list[Record]:
        if not line.strip(BLANK):
            return []  # forgotten (calls/storage/forgetting.py)
        try:
            plain = self._lines.read(at, line)
            records = [record_from_json(json.loads(plain))] if plain else []
            self._some_read = self._some_read or bool(records)
            return records
        except StorageError as error:
            note_damage(self.path, error)
        except (RecursionError, ValueError, RecordError):
            # A machine that lost its power may leave such a last line; the other lines are good.
            pass
        self._some_damaged = True
        metrics.RECORDS_UNWRITABLE.inc()
        logger.error("a line of the journal %s cannot be read (%d bytes)", self.path.name, len(line))
        return []


def orphaned_journals(folder: Path, ignored: Collection[Path] = ()) -> Iterator[Journal | Unreadable]:
    """Lock and open the journals of processes that died. The caller writes, checkpoints and closes each of them."""
    for path in sorted(set(journal_files(folder)).difference(ignored)):
        try:
            journal = Journal.orphaned(path)
        except (OSError, StorageError) as error:
            yield Unreadable(path, error)
            continue
        if journal is not None:
            yield journal


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file with a journal's name that cannot be read: it is a folder, the disk is damaged, or its key is missing."""

    path: Path
    error: OSError | StorageError


def _line_of(record: Record) -> bytes:
    # A lone surrogate is not UTF-8; backslash-escaped it is JSON.
    return json.dumps(record_to_json(record), ensure_ascii=False).encode(errors="backslashreplace")
