"""The only writer of a running call's rows: a journal first, then the database, each with a thread of its own.

``accept`` takes a record from any thread at once. The journal's thread appends it (calls/storage/journal_appender.py):
from then on the record is *accepted* and survives this process. The database's thread follows behind it
(calls/storage/row_writer.py); while the database is away the journal grows, and memory does not. Every record carries
its whole state, so that writing one twice, or in another order, changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from calls.storage.journal_appender import JournalAppender
from calls.storage.journal_recovery import JournalRecovery, OrphanedJournals, Recovered
from calls.storage.record_queue import RecordQueue
from calls.storage.records import EndChosen, Record
from calls.storage.row_writer import RowWriter
from calls.storage.writer_options import DEFAULTS, WriterOptions
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)


class Writer:
    """Takes records, journals them, writes rows. Start it once a process; ``stop`` writes what is left."""

    def __init__(self, folder: Path, recovered: Recovered | None = None, options: WriterOptions = DEFAULTS) -> None:
        """``recovered`` is told which streams of a process that died were open, once its journal is written."""
        self._queue = RecordQueue(options)
        self._orphans = OrphanedJournals(folder, options.batch_records, self.accept, recovered)
        self._appender = JournalAppender(self._queue, folder, options)
        self._rows = RowWriter(self._queue, self._orphans, options)
        self._threads: dict[str, background.Worker] = {}
        self._starting = threading.Lock()
        self._refused = False
        """A record was refused: there was no room for it."""

    def start(self) -> None:
        """Start both threads; each of them that has ended begins again. Idempotent."""
        with self._starting:
            if self.alive:
                return
            self._queue.start()
            for name, work in (("call-journal", self._appender.run), ("call-writer", self._rows.run)):
                if name not in self._threads or not self._threads[name].is_alive():
                    self._threads[name] = background.thread(name, work)
                    self._threads[name].start()

    @property
    def alive(self) -> bool:
        """Both threads run."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads.values())

    @property
    def behind_bytes(self) -> int:
        """How much of the journal is accepted and not in the database yet."""
        return self._queue.behind_bytes

    @property
    def trouble(self) -> list[str]:
        """What could not be written when it was last tried: ``journal_failed``, ``rows_not_written``. With both, what
        is accepted waits in memory."""
        found = {"journal_failed": self._appender.is_failing, "rows_not_written": self._rows.is_failing}
        return [code for code, is_failing in found.items() if is_failing]

    @property
    def recovery(self) -> JournalRecovery | None:
        """The orphaned journal that is being written."""
        return self._orphans.current

    @property
    def unreadable_journals(self) -> dict[str, str]:
        """By its file's name: the code of why the journal of a process that died could not be read."""
        return self._orphans.unreadable

    def accept(self, record: Record) -> None:
        """Take a record for writing. Any thread; returns at once."""
        if not self._queue.put(record):
            self._refused = True
            metrics.RECORDS_REFUSED.inc()
            logger.error("the writer's queue is full: a %s was refused", type(record).__name__)

    def accept_end(self, record: EndChosen, written: Callable[[], None]) -> None:
        """Take a chosen end, write it before its batch is full, then call ``written`` on the database's thread."""
        self._rows.tell_when_written(record, written)
        self.accept(record)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything accepted so far is written; False when time ran out. Blocking."""
        return self._queue.flush(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Write what is left and end the threads; False when a record was refused or skipped, or when time ran out:
        then what was accepted is in the journal. Blocking."""
        self.flush(timeout_s)
        for thread in self._threads.values():
            thread.retire()
        self._queue.stop()
        for thread in self._threads.values():
            thread.join(timeout_s)
        written = self._queue.is_written and not self._refused and not self._rows.skipped
        self._refused = self._rows.skipped = False
        if not any(thread.is_alive() for thread in self._threads.values()):
            self._queue.close_journal()
        return written
