"""The records between those who accept them, the journal's thread and the database's thread. Owns no thread.

A record waits here until the journal's thread takes it with its batch. When the batch is appended, the records are in
the journal alone, and the database's thread reads them from there. What the journal could not take stays here, for the
database alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from calls.storage.journal import Journal
from calls.storage.records import Record
from calls.storage.writer_options import WriterOptions


class RecordQueue:
    """Any thread may call any method. ``journal`` is made by the journal's thread."""

    def __init__(self, options: WriterOptions) -> None:
        self._options = options
        self._changed = threading.Condition()
        self._waiting: deque[Record] = deque()
        """Records that the journal's thread has not taken yet."""
        self._batch: list[Record] = []
        """Records on their way to the journal."""
        self._unjournaled: deque[Record] = deque()
        """Records that the journal did not take: for the database alone."""
        self._reading = False
        """The database's thread reads the journal, or writes what it has read."""
        self._urgent = threading.Event()
        """What has gathered is written now."""
        self._flushing = 0
        """This many callers of ``flush`` wait."""
        self.journal: Journal | None = None
        self.stopping = False

    def put(self, record: Record) -> bool:
        """Add a record; False when there is no room for it. Returns at once."""
        with self._changed:
            if len(self._waiting) + len(self._unjournaled) >= self._options.max_waiting_records:
                return False
            self._waiting.append(record)
            self._changed.notify_all()
            return True

    def hurry(self) -> None:
        """Have what has gathered written now, before its batch is full."""
        self._urgent.set()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything that was put is written; False when time ran out. Blocking."""
        with self._changed:
            self._flushing += 1
            self._urgent.set()
            try:
                return self._changed.wait_for(lambda: self.is_written, timeout_s)
            finally:
                self._flushing -= 1

    @property
    def is_written(self) -> bool:
        """Everything that was put is in the database."""
        waiting = self._waiting or self._batch or self._unjournaled or self._reading
        return not waiting and self.behind_bytes == 0

    @property
    def behind_bytes(self) -> int:
        """How much of the journal is not in the database yet."""
        return self.journal.behind_bytes if self.journal is not None else 0

    def start(self) -> None:
        """Undo ``stop``."""
        with self._changed:
            self.stopping = False
            self._urgent.clear()

    def stop(self) -> None:
        """Let both threads end: the journal's when it has taken every record, the database's when it has written all or
        fails to."""
        with self._changed:
            self.stopping = True
            self._changed.notify_all()
        self._urgent.set()

    def close_journal(self) -> None:
        """Close the journal, when neither thread runs; the next run makes another."""
        if self.journal is not None:
            self.journal.close()
            self.journal = None

    # For the journal's thread

    def take_batch(self, timeout_s: float | None) -> list[Record] | None:
        """Wait for records and take them: none when time ran out, None when there will be no more. ``journaled`` must
        follow."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.stopping, timeout_s)
            if self.stopping and not self._waiting:
                return None
            size = min(self._options.batch_records, len(self._waiting))
            self._batch = [self._waiting.popleft() for _ in range(size)]
            return self._batch

    def journaled(self, refused: list[Record]) -> None:
        """The batch is in the journal, except for these records: they are for the database alone."""
        with self._changed:
            self._unjournaled.extend(refused)
            self._batch = []
            self._changed.notify_all()

    def abandon_batch(self) -> None:
        """Give a batch that was taken and never reported to the database alone."""
        self.journaled(refused=self._batch)

    def truncate_journal(self) -> bool:
        """Empty the journal if it is long and written, and nobody reads it now; True if so. Raises OSError."""
        with self._changed:
            return self.journal is not None and not self._reading and self.journal.truncate_if_written()

    # For the database's thread

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the journal from being truncated, and ``flush`` from returning, until what was read is written."""
        with self._changed:
            self._reading = True
        try:
            yield
        finally:
            with self._changed:
                self._reading = False
                self._changed.notify_all()

    def unjournaled(self) -> list[Record]:
        """The next batch of records that the journal did not take. ``unjournaled_written`` must follow."""
        with self._changed:
            return list(self._unjournaled)[: self._options.batch_records]

    def unjournaled_written(self, count: int) -> None:
        """The first records of ``unjournaled`` are rows."""
        with self._changed:
            for _ in range(count):
                self._unjournaled.popleft()

    def wait_for_rows(self, timeout_s: float) -> bool:
        """Wait until there is something to write, and let it gather; False when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._unjournaled or self.behind_bytes or self.stopping, timeout_s)
            if self.stopping and not self._unjournaled and not self.behind_bytes:
                return False
        # Not on the condition: every record that comes would wake this thread to look.
        self._urgent.wait(self._options.gather_s)
        with self._changed:
            if not self._flushing and not self.stopping:
                self._urgent.clear()
        return True

    def wait_for_stop(self, timeout_s: float) -> None:
        """Pause, but not beyond ``stop``."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopping, timeout_s)
