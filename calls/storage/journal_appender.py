"""The journal's thread: appends what has been accepted, and puts it on the disk every second.

A full disk is an alarm, and the records go to the database all the same (calls/storage/record_queue.py).
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from calls.storage.journal import Journal
from calls.storage.open_streams import OpenStreams
from calls.storage.record_queue import RecordQueue
from calls.storage.records import CallStarted, EndChosen, Record
from calls.storage.writer_options import WriterOptions
from voiceapp.runtime import metrics
from voiceapp.runtime.seldom import Seldom

logger = logging.getLogger(__name__)


class JournalAppender:
    """Takes the queue's records to this process's journal, which it makes when the first record comes."""

    def __init__(self, queue: RecordQueue, folder: Path, options: WriterOptions) -> None:
        self._queue = queue
        self._folder = folder
        self._options = options
        self._open_streams = OpenStreams()
        """A journal that was truncated begins with their start records."""
        self._failures = Seldom()
        self.is_failing = False
        """The disk took nothing when it was last tried."""

    def run(self) -> None:
        """Append until the queue is stopped and empty. Blocking: a thread's whole work."""
        interval_s = self._options.sync_interval_s
        synced_s, dirty = time.monotonic(), False
        # An earlier run may have failed between taking its batch and appending it.
        self._queue.abandon_batch()
        while (batch := self._queue.take_batch(interval_s if dirty else None)) is not None:
            if batch:
                dirty = self._append(batch) or dirty
                if any(isinstance(record, CallStarted | EndChosen) for record in batch):
                    # Who sees the call on the wall may open its page at once; Twilio asks what follows an end at once.
                    self._queue.hurry()
            if dirty and time.monotonic() - synced_s >= interval_s:
                self._sync()
                synced_s, dirty = time.monotonic(), False

    def _append(self, batch: list[Record]) -> bool:
        """Append and report to the queue; False when the disk took nothing."""
        try:
            if self._queue.journal is None:
                self._queue.journal = Journal.begin(self._folder)
            truncated = self._queue.truncate_journal()
            refused = self._queue.journal.append([*self._open_streams, *batch] if truncated else batch)
        except OSError as error:
            self._alarm(error)
            self._queue.journaled(refused=batch)
            return False
        else:
            self.is_failing = False
            self._queue.journaled(refused)
        finally:
            self._open_streams.note(batch)
        return True

    def _sync(self) -> None:
        try:
            if self._queue.journal is not None:
                self._queue.journal.sync()
        except OSError as error:
            self._alarm(error)

    def _alarm(self, error: OSError) -> None:
        metrics.JOURNAL_FAILURES.inc()
        self.is_failing = True
        if self._failures.is_due():
            logger.critical(
                "journal_failed: %s takes nothing (%s): records go to the database alone, free its disk",
                self._folder,
                error.strerror,
            )
