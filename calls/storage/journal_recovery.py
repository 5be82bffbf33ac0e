"""Writes orphaned journals: what processes that died had accepted and not written. Owns no thread.

The database's thread (calls/storage/row_writer.py) writes one batch of them at a time, in turn with what comes now:
200 MB would make new records wait for a minute and a half.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from calls.storage.columns import fitted
from calls.storage.journal import Journal, orphaned_journals
from calls.storage.open_streams import OpenStreams
from calls.storage.records import CallStarted, Record
from calls.storage.rows import write_or_skip
from calls.storage.tombstones import is_buried
from voiceapp.runtime import metrics
from voiceapp.runtime.counted import counted
from voiceapp.runtime.file_cipher import StorageError

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 5.0
"""A recovery logs its progress this often."""
REREAD_INTERVAL_S = 60.0
"""A journal that could not be read is tried again, and logged again, this often; a damaged one when it has changed."""

WHAT_TO_DO = {
    "storage_key_missing": "put that key back into STORAGE_KEYS, behind the first, and restart: it is written then",
    "journal_damaged": "put back a whole copy of it, or mend its first line, and it is written within a minute; delete"
    " it if its calls may be lost",
    "storage_format_unknown": "put back a whole copy of it, or start the later version that wrote it; delete it if its"
    " calls may be lost",
}
"""By the code of what is wrong with a journal that stays."""

Accept = Callable[[Record], None]
Recovered = Callable[[list[CallStarted], Accept], None]
"""Told which streams of a process that died were open, once its journal is written."""


class OrphanedJournals:
    """The orphaned journals of a folder, written one behind the other."""

    def __init__(self, folder: Path, batch_records: int, accept: Accept, recovered: Recovered | None) -> None:
        """``accept`` takes records of streams that were open; ``recovered`` is told of them."""
        self._folder = folder
        self._batch_records = batch_records
        self._accept = accept
        self._recovered = recovered
        self.current: JournalRecovery | None = None
        self._unreadable: set[Path] = set()
        """Those that are not tried now."""
        self._codes: dict[Path, str] = {}
        self._damaged: dict[Path, tuple[int, int]] = {}
        """Those that were read and hold no record, each as it was then: each of its lines was logged."""
        self._reread_s = -REREAD_INTERVAL_S

    @property
    def unreadable(self) -> dict[str, str]:
        """By its file's name: the code of why a journal could not be read. Any thread."""
        return {path.name: code for path, code in self._codes.copy().items()}

    def scan(self) -> None:
        """Make the next orphaned journal the current one, when there is none."""
        if self.current is not None:
            return
        self._codes = {path: code for path, code in self._codes.items() if os.path.lexists(path)}
        if time.monotonic() - self._reread_s >= REREAD_INTERVAL_S:
            # The disk may give them back by now.
            self._reread_s = time.monotonic()
            self._unreadable = {path for path, as_read in self._damaged.items() if _state_of(path) == as_read}
        for found in orphaned_journals(self._folder, set(self._unreadable)):
            if isinstance(found, Journal):
                self.current = JournalRecovery(found, self._batch_records)
                self._codes.pop(found.path, None)
                return
            self._give_up(found.path, found.error)

    def write_next(self) -> bool:
        """Write a batch, or finish the journal that is written; False when there is none. Raises DatabaseError."""
        recovery = self.current
        if recovery is None:
            return False
        try:
            if recovery.write_next():
                return True
        except OSError as error:
            self._give_up(recovery.path, error)
        else:
            if recovery.is_unreadable:
                self._damaged[recovery.path] = _state_of(recovery.path)
                self._give_up(recovery.path, StorageError("journal_damaged", "none of its lines can be read"))
                self.close()
                return True
            open_streams = recovery.open_streams()
            for started in open_streams:
                # This process closes them from now on, and its journal says so if it is killed before that.
                self._accept(started)
            logger.warning(
                "recovered the journal of a process that died: %s open",
                counted(len(open_streams), "call was", "calls were"),
            )
            metrics.JOURNALS_RECOVERED.inc()
        open_streams = recovery.open_streams()
        self.close()
        if self._recovered is not None and open_streams:
            self._recovered(open_streams, self._accept)
        return True

    def close(self) -> None:
        """Leave the rest to the process that scans next: what is written again changes nothing."""
        if self.current is not None:
            recovery, self.current = self.current, None
            recovery.close()

    def _give_up(self, path: Path, error: OSError | StorageError) -> None:
        """Leave the file where it is, for a person to look at."""
        self._unreadable.add(path)
        self._codes[path] = error.code if isinstance(error, StorageError) else "disk_failed"
        metrics.JOURNAL_FAILURES.inc()
        why = f"{error.code}: {error.message}" if isinstance(error, StorageError) else error.strerror
        what_to_do = WHAT_TO_DO.get(error.code) if isinstance(error, StorageError) else None
        logger.critical(
            "journal_unreadable: %s (%s): its rows are missing, and it stays%s",
            path, why, f"; {what_to_do}" if what_to_do else "",
        )  # fmt: skip


class JournalRecovery:
    """One orphaned journal on its way to the database."""

    def __init__(self, journal: Journal, batch_records: int) -> None:
        """``journal`` is locked by this process."""
        self._journal = journal
        self._batch_records = batch_records
        self._open_streams = OpenStreams()
        self._logged_s = time.monotonic()
        self.path = journal.path
        self.total_bytes = journal.appended_bytes
        self.close = journal.close
        logger.warning("recovering the journal %s of a process that died: %d bytes", self.path.name, self.total_bytes)

    @property
    def done_bytes(self) -> int:
        """How much of the journal is written."""
        return self._journal.written_bytes

    def open_streams(self) -> list[CallStarted]:
        """The streams that have started and not ended, by what is written so far, without those of calls that were
        forgotten meanwhile. Raises DatabaseError."""
        return [started for started in self._open_streams if not is_buried(started.call_sid)]

    @property
    def is_unreadable(self) -> bool:
        """It is read, and none of its lines was a record."""
        return self._journal.is_unreadable

    def write_next(self) -> bool:
        """Write a batch; False when all is written. Raises DatabaseError, OSError."""
        records, behind = self._journal.unwritten(self._batch_records)
        if behind == self._journal.written_bytes:
            self._journal.drop_torn_line()
            return False
        write_or_skip(records)
        self._journal.checkpoint(behind)
        self._open_streams.note(map(fitted, records))
        if time.monotonic() - self._logged_s >= PROGRESS_INTERVAL_S:
            self._logged_s = time.monotonic()
            logger.warning("recovering %s: %d of %d bytes", self.path.name, self.done_bytes, self.total_bytes)
        return True


def _state_of(path: Path) -> tuple[int, int]:
    """Another one whenever the file is written, or exchanged for a copy of the same age; zeros where it is gone."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_ino, stat.st_ctime_ns
