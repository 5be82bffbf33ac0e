"""The journal: what a process has accepted, in a file, before the database has it.

One file a process, locked while its process lives; one JSON line a record. ``append`` puts a record into the kernel's
hands (it survives the process); ``sync`` puts it on the disk (it survives the machine). The writer reads the lines back
to write rows, and moves a checkpoint behind what is written; a long backlog is set aside, so that what comes now does
not wait behind it. A file whose lock is free belongs to a process that died, and is read by the next one that looks.
Owns no database and no thread: calls/storage/writer.py drives it.
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

from calls.storage.records import Record, RecordError, record_from_json, record_to_json
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

SUFFIX = ".journal"
START_AFRESH_BYTES = 8_000_000
"""A journal of this size whose records are all written is emptied."""
CHUNK_BYTES = 256_000


class Journal:
    """One process's file. One thread appends, one reads; raises OSError where the disk does."""

    def __init__(self, path: Path, file: int) -> None:
        """``file``: open for reading and appending, and locked."""
        self.path = path
        self._file = file
        self.appended_bytes = os.fstat(file).st_size
        self.written_bytes = 0
        """Everything before is in the database, or set aside."""
        self._aside: deque[tuple[int, int]] = deque()
        """Stretches that wait behind what comes now: where each begins and ends, oldest first."""

    @classmethod
    def begin(cls, folder: Path) -> Journal:
        """This process's own."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{socket.gethostname()}-{os.getpid()}-{time.time_ns():x}{SUFFIX}"
        unborn = path.with_suffix(".new")
        file = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Siblings look for journals without a lock: none bears the name before it has its own.
        unborn.rename(path)
        return cls(path, file)

    @classmethod
    def of_the_dead(cls, path: Path) -> Journal | None:
        """The journal of a process that died, locked by us now; None where it lives, or its journal is gone or not
        ours to read. Raises OSError where the disk does not give it."""
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND)
        except (FileNotFoundError, PermissionError):
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:
                return cls(path, file)
            # Else a sibling wrote it and removed it while we came.
        except BlockingIOError:
            pass
        except OSError:
            os.close(file)
            raise
        os.close(file)
        return None

    def append(self, records: list[Record]) -> list[Record]:
        """Add lines, and return the records that no line can hold. Raises OSError (disk full): then nothing was
        accepted."""
        lines, refused = bytearray(), []
        for record in records:
            try:
                lines += _line_of(record)
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
        os.fdatasync(self._file)

    def unwritten(self, most: int) -> tuple[list[Record], int]:
        """The next records to be written, and the place behind them for ``checkpoint``."""
        # Once: the other thread appends meanwhile, and what it appends is for the next time.
        return self._read(self.written_bytes, self.appended_bytes, most)

    def checkpoint(self, at: int) -> None:
        """Everything before this place is in the database, or set aside."""
        self.written_bytes = at

    def set_aside(self) -> None:
        """Let what is unwritten wait: ``unwritten`` goes on with what is appended from now on."""
        begin, end = self.written_bytes, self.appended_bytes
        if self._aside and self._aside[-1][1] == begin:
            begin, _ = self._aside.pop()
        self._aside.append((begin, end))
        self.written_bytes = end

    def unwritten_aside(self, most: int) -> tuple[list[Record], int]:
        """As ``unwritten``, of what was set aside first; the place is for ``checkpoint_aside``."""
        return self._read(*self._aside[0], most) if self._aside else ([], 0)

    def checkpoint_aside(self, at: int) -> None:
        """The stretch that was set aside first is in the database up to this place."""
        _, end = self._aside.popleft()
        if at < end:
            self._aside.appendleft((at, end))

    def _read(self, at: int, end: int, most: int) -> tuple[list[Record], int]:
        records: list[Record] = []
        length = min(CHUNK_BYTES, end - at)
        data = os.pread(self._file, length, at)
        while b"\n" not in data and length < end - at:
            # A line longer than a chunk, or nothing behind it would ever be written.
            length = min(2 * length, end - at)
            data = os.pread(self._file, length, at)
        while len(records) < most and (line_end := data.find(b"\n")) >= 0:
            records += _record_of(data[:line_end], self.path.name)
            at += line_end + 1
            data = data[line_end + 1 :]
        return records, at

    @property
    def behind_bytes(self) -> int:
        """Not in the database yet."""
        return self.appended_bytes - self.written_bytes + self.aside_bytes

    @property
    def aside_bytes(self) -> int:
        return sum(end - begin for begin, end in self._aside)

    def start_afresh(self) -> bool:
        """Empty the file if it is long and all of it is written, and say so. By the thread that appends."""
        if self.appended_bytes < START_AFRESH_BYTES or self.behind_bytes:
            return False
        os.ftruncate(self._file, 0)
        self.appended_bytes = self.written_bytes = 0
        return True

    def drop_torn_line(self) -> None:
        """Of a process that died: what stands behind the last whole line was never accepted."""
        if self.behind_bytes:
            logger.error("the journal %s ends with %d bytes of a line", self.path.name, self.behind_bytes)
            self.written_bytes = self.appended_bytes

    def close(self) -> None:
        """Give the lock back; a journal with nothing left to write is removed."""
        if self.behind_bytes == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)


def dead_journals(folder: Path, but: Collection[Path] = ()) -> Iterator[Journal | Unreadable]:
    """The journals of processes that died, each locked by us now. The caller writes, checkpoints and closes them."""
    for path in sorted(set(folder.glob(f"*{SUFFIX}")).difference(but)):
        try:
            journal = Journal.of_the_dead(path)
        except OSError as error:
            yield Unreadable(path, error)
            continue
        if journal is not None:
            yield journal


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What bears a journal's name, and cannot be read: a folder, a damaged disk."""

    path: Path
    error: OSError


def _line_of(record: Record) -> bytes:
    # A lone surrogate is no UTF-8; with a backslash it is JSON.
    return json.dumps(record_to_json(record), ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


def _record_of(line: bytes, name: str) -> list[Record]:
    try:
        return [record_from_json(json.loads(line))]
    except (RecursionError, ValueError, RecordError):
        # The last line of a machine that lost its power; the others stand.
        metrics.RECORDS_UNWRITABLE.inc()
        logger.error("a line of the journal %s cannot be read (%d bytes)", name, len(line))
        return []
