"""The only writer of a live call's rows: a journal first, then the database; each with a thread of its own.

``accept`` takes a record from any thread at once. The journal's thread appends what has gathered: from then on the
record is *accepted* and survives this process. The rows' thread follows behind it, a transaction a batch; while the
database is away the journal grows, and memory does not. What was not written for long, in this process's journal or in
a dead one's, follows a batch at a time behind what comes now: nobody who is on the line waits for it. A full disk is an
alarm, and records go to the database all the same. Every record carries its whole state, so that writing one twice, or
in another order, changes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from calls.storage.columns import fitted
from calls.storage.journal import Journal, orphaned_journals
from calls.storage.records import CallEnded, CallStarted, EndChosen, Record
from calls.storage.rows import write_what_can_be
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

MOST_RECORDS = 200_000
"""Waiting in memory, for a journal that does not take them; beyond it the newest are refused, counted and logged."""
BATCH_RECORDS = 200
BATCH_S = 0.25
"""How long records gather before they become rows: a batch of one costs nearly what one of ten does, and the event loop
may have to wait for all of it."""
SYNC_S = 1.0
ASIDE_BYTES = 500_000
"""When more than this waits in the journal, it waits behind what comes now: half a second of writing."""
RETRY_S = 0.5, 1.5
"""Pause after a first failed write, and the longest one."""
LOOK_S = 1.0
"""How often siblings' journals are looked at: one whose process has died is written by who sees it first."""
PROGRESS_EVERY_S = 5.0
"""How often a recovery says in the log how far it is."""
ALARM_EVERY_S = 60.0

Recovered = Callable[[list[CallStarted], Callable[[Record], None]], None]


class Writer:
    """Takes records, journals them, writes rows. Start it once a process; ``stop`` writes what is left."""

    def __init__(self, folder: Path, recovered: Recovered | None = None) -> None:
        """``recovered`` is told which streams of a dead process were open, once its journal is written."""
        self._folder = folder
        self._recovered = recovered
        self._journal: Journal | None = None
        self._changed = threading.Condition()
        self._records: deque[Record] = deque()
        """Accepted by nobody yet."""
        self._batch: list[Record] = []
        """On its way to the journal."""
        self._lost = False
        """A record was refused, or cannot be written."""
        self._open_streams: dict[str, CallStarted] = {}
        """Started and not ended, by StreamSid: a journal that is begun afresh begins with them."""
        self._recovery: Recovery | None = None
        self._unreadable_s = -ALARM_EVERY_S
        self._unreadable: set[Path] = set()
        """Journals of the dead that the disk does not give back."""
        self._unjournaled: deque[Record] = deque()
        """What the disk did not take: for the database alone."""
        self._writing = False
        self._stopping = False
        self._hurry = threading.Event()
        """What has gathered is written now."""
        self._tell: dict[EndChosen, Callable[[], None]] = {}
        """Whom to tell that one of these is a row."""
        self._flushing = 0
        """So many wait for all of it."""
        self._threads: dict[str, background.Worker] = {}
        self._alarmed_s = -ALARM_EVERY_S

    def start(self) -> None:
        """Idempotent: what has ended begins again, each by itself."""
        with self._changed:
            if self.alive:
                return
            self._stopping = False
            self._hurry.clear()
            for name, work in (("call-journal", self._run_journal), ("call-writer", self._run_rows)):
                if name not in self._threads or not self._threads[name].is_alive():
                    self._threads[name] = background.thread(name, work)
                    self._threads[name].start()

    @property
    def alive(self) -> bool:
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads.values())

    @property
    def behind_bytes(self) -> int:
        """Of the journal: accepted, and not yet rows."""
        return self._journal.behind_bytes if self._journal is not None else 0

    @property
    def recovery(self) -> Recovery | None:
        """The journal of a dead process that is becoming rows now."""
        return self._recovery

    def accept(self, record: Record) -> None:
        """Take a record for writing. Any thread; returns at once."""
        with self._changed:
            if len(self._records) + len(self._unjournaled) >= MOST_RECORDS:
                self._lost = True
                metrics.RECORDS_REFUSED.inc()
                logger.error("the writer's queue is full: a %s was refused", type(record).__name__)
                return
            self._records.append(record)
            self._changed.notify_all()

    def accept_end(self, record: EndChosen, written: Callable[[], None]) -> None:
        """Take a chosen end, write it before its batch is full, and call ``written`` from the rows' thread then."""
        with self._changed:
            self._tell[record] = written
        self.accept(record)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything accepted so far is written; False when time ran out. Blocking."""
        with self._changed:
            self._flushing += 1
            self._hurry.set()
            try:
                return self._changed.wait_for(self._is_written, timeout_s)
            finally:
                self._flushing -= 1

    def stop(self, timeout_s: float) -> bool:
        """Write what is left and end the threads; False when not everything was written: what was accepted when time
        ran out is in the journal. Blocking."""
        self.flush(timeout_s)
        for thread in self._threads.values():
            thread.retire()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._hurry.set()
        for thread in self._threads.values():
            thread.join(timeout_s)
        written, self._lost = self._is_written() and not self._lost, False
        if self._journal is not None and not any(thread.is_alive() for thread in self._threads.values()):
            self._journal.close()
            self._journal = None
        return written

    def _is_written(self) -> bool:
        waiting = self._records or self._batch or self._unjournaled or self._writing
        return not waiting and self.behind_bytes == 0

    # The journal's thread

    def _run_journal(self) -> None:
        synced_s, dirty = time.monotonic(), False
        # Of a run that ended in the middle of it.
        self._appended(but=self._batch)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._records or self._stopping, SYNC_S if dirty else None)
                if self._stopping and not self._records:
                    return
                batch = [self._records.popleft() for _ in range(min(BATCH_RECORDS, len(self._records)))]
                self._batch = batch
            if batch:
                dirty = self._append(batch) or dirty
                if any(isinstance(record, CallStarted | EndChosen) for record in batch):
                    # Who sees the call on the wall may open its page at once; Twilio asks what follows an end at once.
                    self._hurry.set()
            if dirty and time.monotonic() - synced_s >= SYNC_S:
                self._sync()
                synced_s, dirty = time.monotonic(), False

    def _append(self, batch: list[Record]) -> bool:
        try:
            if self._journal is None:
                self._journal = Journal.begin(self._folder)
            with self._changed:
                # The rows' thread must not be reading it.
                afresh = not self._writing and self._journal.truncate_if_written()
            refused = self._journal.append([*self._open_streams.values(), *batch] if afresh else batch)
        except OSError as error:
            self._alarm(error)
            self._appended(but=batch)
            return False
        else:
            self._appended(but=refused)
        finally:
            _note_open(self._open_streams, batch)
        return True

    def _appended(self, but: list[Record]) -> None:
        """The batch is in the journal, but for these: they are for the database alone."""
        with self._changed:
            self._unjournaled.extend(but)
            self._batch = []
            self._changed.notify_all()

    def _sync(self) -> None:
        try:
            if self._journal is not None:
                self._journal.sync()
        except OSError as error:
            self._alarm(error)

    def _alarm(self, error: OSError) -> None:
        metrics.JOURNAL_FAILURES.inc()
        if time.monotonic() - self._alarmed_s >= ALARM_EVERY_S:
            self._alarmed_s = time.monotonic()
            logger.critical(
                "journal_failed: %s takes nothing (%s): records go to the database alone, free its disk",
                self._folder,
                error.strerror,
            )

    # The rows' thread

    def _run_rows(self) -> None:
        look_s = 0.0
        pause_s = RETRY_S[0]
        while True:
            try:
                close_old_connections()
                # First: whatever is wrong with what others left, the living have their rows.
                wrote = self._write_next()
                if self._recovery is None and time.monotonic() >= look_s:
                    look_s = time.monotonic() + LOOK_S
                    self._recovery = self._next_recovery()
                # A batch in turn with what comes now, which would wait a minute and a half for 200 MB.
                wrote = self._write_aside() or self._recover() or wrote
                pause_s = RETRY_S[0]
            except (DatabaseError, InterfaceError) as error:
                metrics.WRITER_RETRIES.inc()
                logger.warning("the database took no rows (%s): trying again", type(error).__name__)
                self._rest(pause_s)
                pause_s = min(2 * pause_s, RETRY_S[1])
                if self._stopping:
                    break
                continue
            if not wrote and not self._wait_for_work():
                break
        if self._recovery is not None:
            # For who looks next: what is written again changes nothing.
            self._recovery.close()
            self._recovery = None
        connection.close()

    def _wait_for_work(self) -> bool:
        """False when there is no more to come."""
        with self._changed:
            self._changed.wait_for(lambda: self._unjournaled or self.behind_bytes or self._stopping, LOOK_S)
            if self._stopping and not self._unjournaled and not self.behind_bytes:
                return False
        # Not on the condition: every record that comes would wake this thread to look.
        self._hurry.wait(BATCH_S)
        with self._changed:
            if not self._flushing and not self._stopping:
                self._hurry.clear()
        return True

    def _rest(self, pause_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, pause_s)

    def _write_next(self) -> bool:
        """Write one batch; False when there was none."""
        with self._changed:
            self._writing = True
            unjournaled = list(self._unjournaled)[:BATCH_RECORDS]
        try:
            if unjournaled:
                self._write(unjournaled)
                with self._changed:
                    for _ in unjournaled:
                        self._unjournaled.popleft()
                return True
            if self._journal is None:
                return False
            if self._journal.behind_bytes - self._journal.deferred_bytes > ASIDE_BYTES:
                self._journal.defer_unwritten()
            records, behind = self._journal.unwritten(BATCH_RECORDS)
            if behind == self._journal.written_bytes:
                return False
            self._write(records)
            self._journal.checkpoint(behind)
            return True
        finally:
            self._writing_done()

    def _write_aside(self) -> bool:
        """Write a batch of what was set aside; False when there was none."""
        with self._changed:
            self._writing = True
        try:
            before_bytes = self._journal.deferred_bytes if self._journal is not None else 0
            if self._journal is None or not before_bytes:
                return False
            records, behind = self._journal.unwritten_deferred(BATCH_RECORDS)
            self._write(records)
            self._journal.checkpoint_deferred(behind)
            return self._journal.deferred_bytes < before_bytes
        finally:
            self._writing_done()

    def _write(self, records: list[Record]) -> None:
        self._lost = not write_what_can_be(records) or self._lost
        self._tell_of(records)

    def _writing_done(self) -> None:
        with self._changed:
            self._writing = False
            self._changed.notify_all()

    def _tell_of(self, wrote: list[Record]) -> None:
        for record in wrote:
            if isinstance(record, EndChosen):
                with self._changed:
                    written = self._tell.pop(record, None)
                if written is not None:
                    written()

    def _next_recovery(self) -> Recovery | None:
        if time.monotonic() - self._unreadable_s >= ALARM_EVERY_S:
            # The disk may give them back; if not, that is said again.
            self._unreadable_s = time.monotonic()
            self._unreadable.clear()
        for found in orphaned_journals(self._folder, set(self._unreadable)):
            if isinstance(found, Journal):
                return Recovery(found)
            self._give_up(found.path, found.error)
        return None

    def _give_up(self, path: Path, error: OSError) -> None:
        """It stays where it is, for a person to look at."""
        self._unreadable.add(path)
        metrics.JOURNAL_FAILURES.inc()
        logger.critical("journal_unreadable: %s (%s): its rows are missing", path, error.strerror)

    def _recover(self) -> bool:
        """Write a batch of what a process that died had accepted; False when there was none. Raises DatabaseError."""
        recovery = self._recovery
        if recovery is None or self._stopping:
            return False
        try:
            if recovery.write_next():
                return True
        except OSError as error:
            self._give_up(recovery.path, error)
        else:
            open_streams = recovery.open_streams
            for started in open_streams:
                # Ours to close from now on, also if we are killed before that.
                self.accept(started)
            logger.warning("recovered the journal of a process that died: %d calls were open", len(open_streams))
            metrics.JOURNALS_RECOVERED.inc()
        self._recovery = None
        recovery.close()
        if self._recovered is not None and recovery.open_streams:
            self._recovered(recovery.open_streams, self.accept)
        return True


class Recovery:
    """A dead process's journal on its way to the database."""

    def __init__(self, journal: Journal) -> None:
        """``journal``: locked by us."""
        self._journal = journal
        self._open_streams: dict[str, CallStarted] = {}
        self._told_s = time.monotonic()
        self.path = journal.path
        self.total_bytes = journal.appended_bytes
        self.close = journal.close
        logger.warning("recovering the journal %s of a process that died: %d bytes", self.path.name, self.total_bytes)

    @property
    def done_bytes(self) -> int:
        return self._journal.written_bytes

    @property
    def open_streams(self) -> list[CallStarted]:
        """Of what is written: started and not ended."""
        return list(self._open_streams.values())

    def write_next(self) -> bool:
        """Write a batch; False when all is written. Raises DatabaseError, OSError."""
        records, behind = self._journal.unwritten(BATCH_RECORDS)
        if behind == self._journal.written_bytes:
            self._journal.drop_torn_line()
            return False
        write_what_can_be(records)
        self._journal.checkpoint(behind)
        _note_open(self._open_streams, map(fitted, records))
        if time.monotonic() - self._told_s >= PROGRESS_EVERY_S:
            self._told_s = time.monotonic()
            logger.warning("recovering %s: %d of %d bytes", self.path.name, self.done_bytes, self.total_bytes)
        return True


def _note_open(streams: dict[str, CallStarted], records: Iterable[Record]) -> None:
    """Keep the streams that have started and not ended."""
    for record in records:
        if isinstance(record, CallStarted):
            streams[record.stream_sid] = record
        elif isinstance(record, CallEnded):
            streams.pop(record.stream_sid, None)


_writer: Writer | None = None
_writer_lock = threading.Lock()


def writer(recovered: Recovered | None = None) -> Writer:
    """This process's writer, started; ``recovered`` is the first caller's to give."""
    global _writer
    with _writer_lock:
        if _writer is None:
            _writer = Writer(Path(settings.VAR_DIR) / "journal", recovered)
        _writer.start()
        return _writer
