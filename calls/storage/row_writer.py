"""The database's thread: writes what the journal holds, a transaction a batch, and goes on when the database is back.

New records come first. What has waited for long, in this process's journal or in an orphaned one, follows a batch at a
time between them: nobody who is on the line waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from calls.storage.forgetting import forget_in_journal
from calls.storage.journal_recovery import OrphanedJournals
from calls.storage.record_queue import RecordQueue
from calls.storage.records import EndChosen, Record
from calls.storage.rows import write_or_skip
from calls.storage.writer_options import WriterOptions
from voiceapp.runtime import metrics
from voiceapp.runtime.file_cipher import StorageError

logger = logging.getLogger(__name__)


class RowWriter:
    """Brings the queue's records, and those of orphaned journals, to the database."""

    def __init__(self, queue: RecordQueue, orphans: OrphanedJournals, options: WriterOptions) -> None:
        self._queue = queue
        self._orphans = orphans
        self._options = options
        self._on_written: dict[EndChosen, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self.skipped = False
        """A record was skipped: the database can never take it."""
        self.is_failing = False
        """The database took nothing when it was last tried."""

    def tell_when_written(self, record: EndChosen, written: Callable[[], None]) -> None:
        """Have ``written`` called on the database's thread when this record is in its row. Any thread."""
        with self._lock:
            self._on_written[record] = written

    def run(self) -> None:
        """Write until the queue is stopped and all is written. Blocking: a thread's whole work."""
        scan_s = 0.0
        pause_s = self._options.min_retry_s
        while True:
            try:
                close_old_connections()
                # First: whatever is wrong with what others left, the running calls have their rows.
                wrote = self._write_next()
                if self._orphans.current is None and time.monotonic() >= scan_s:
                    scan_s = time.monotonic() + self._options.scan_interval_s
                    self._orphans.scan()
                wrote = self._write_deferred() or self._write_orphaned() or wrote
                pause_s = self._options.min_retry_s
                self.is_failing = False
            except (DatabaseError, InterfaceError) as error:
                metrics.WRITER_RETRIES.inc()
                self.is_failing = True
                logger.warning("the database took no rows (%s): trying again", type(error).__name__)
                connection.close()
                self._queue.wait_for_stop(pause_s)
                pause_s = min(2 * pause_s, self._options.max_retry_s)
                if self._queue.stopping:
                    break
                continue
            if not wrote:
                # Its connection is another's while it waits.
                connection.close()
                if not self._queue.wait_for_rows(self._options.scan_interval_s):
                    break
        self._orphans.close()
        connection.close()

    def _write_next(self) -> bool:
        """Write a batch of new records; False when there was none."""
        with self._queue.reading():
            if unjournaled := self._queue.unjournaled():
                self._write(unjournaled, None)
                self._queue.unjournaled_written(len(unjournaled))
                return True
            journal = self._queue.journal
            if journal is None:
                return False
            if journal.behind_bytes - journal.deferred_bytes > self._options.max_undeferred_bytes:
                journal.defer_unwritten()
            records, behind = journal.unwritten(self._options.batch_records)
            if behind == journal.written_bytes:
                return False
            self._write(records, journal.path)
            journal.checkpoint(behind)
            return True

    def _write_deferred(self) -> bool:
        """Write a batch of what was deferred; False when there was none."""
        with self._queue.reading():
            journal = self._queue.journal
            before_bytes = journal.deferred_bytes if journal is not None else 0
            if journal is None or not before_bytes:
                return False
            records, behind = journal.unwritten_deferred(self._options.batch_records)
            self._write(records, journal.path)
            journal.checkpoint_deferred(behind)
            return journal.deferred_bytes < before_bytes

    def _write_orphaned(self) -> bool:
        """Write a batch of an orphaned journal; False when there was none, or this process ends."""
        return not self._queue.stopping and self._orphans.write_next()

    def _write(self, records: list[Record], journal: Path | None) -> None:
        """``journal``: where they were read."""
        written = write_or_skip(records)
        self.skipped = written.skipped or self.skipped
        if written.forgotten and journal is not None:
            _forget(journal, written.forgotten)
        for record in records:
            if isinstance(record, EndChosen):
                with self._lock:
                    tell = self._on_written.pop(record, None)
                if tell is not None:
                    tell()


def _forget(journal: Path, call_sids: set[str]) -> None:
    """Take what is no row out of the journal too: these lines were appended after the call was forgotten."""
    try:
        forget_in_journal(journal, call_sids)
    except (OSError, StorageError) as error:
        # They stay until the journal is emptied; rows of other calls do not wait for a disk.
        metrics.JOURNAL_FAILURES.inc()
        logger.critical("journal_failed: %s: lines of forgotten calls stay (%s)", journal, type(error).__name__)
