"""The only writer of a live call's rows: one thread a process, batches, idempotent upserts.

``accept`` takes a record from any thread at once; the thread writes what has gathered, in one transaction. When the
database is away records wait in memory, in order, and are written when it is back: up to MOST_RECORDS, beyond which the
newest are refused, counted and logged. Every record carries its whole state, so writing one twice changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from calls.models import Call, CallEvent, Transcript
from calls.records import CallEnded, CallStarted, EventNoted, Record, TurnSaved
from voiceapp import metrics

logger = logging.getLogger(__name__)

MOST_RECORDS = 200_000
BATCH_RECORDS = 200
BATCH_S = 0.1
"""How long records gather before they are written."""
RETRY_S = 0.5, 5.0
"""Pause after a first failed write, and the longest one."""


class Writer:
    """Takes records, writes rows. Start it once a process; ``stop`` writes what is left."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._writing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Idempotent."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._stopping = False
                self._thread = threading.Thread(target=self._run, name="call-writer", daemon=True)
                self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def accept(self, record: Record) -> None:
        """Take a record for writing. Any thread; returns at once."""
        with self._changed:
            if len(self._records) >= MOST_RECORDS:
                metrics.RECORDS_REFUSED.inc()
                logger.error("the writer's queue is full: a %s was refused", type(record).__name__)
                return
            self._records.append(record)
            self._changed.notify()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything accepted so far is written; False when time ran out. Blocking."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._records and not self._writing, timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Write what is left and end the thread; False when time ran out. Blocking."""
        flushed = self.flush(timeout_s)
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return flushed

    def _run(self) -> None:
        pause_s = RETRY_S[0]
        while (batch := self._gather()) is not None:
            try:
                close_old_connections()
                write(batch)
                pause_s = RETRY_S[0]
            except (DatabaseError, InterfaceError) as error:
                metrics.WRITER_RETRIES.inc()
                logger.warning("the database took no rows (%s): trying again", type(error).__name__)
                self._put_back(batch)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, pause_s)
                pause_s = min(2 * pause_s, RETRY_S[1])
                continue
            with self._changed:
                self._writing = False
                self._changed.notify_all()
        connection.close()

    def _gather(self) -> list[Record] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._records or self._stopping)
            if self._stopping:
                return None
            self._changed.wait_for(lambda: len(self._records) >= BATCH_RECORDS or self._stopping, BATCH_S)
            batch = [self._records.popleft() for _ in range(min(BATCH_RECORDS, len(self._records)))]
            self._writing = True
            return batch

    def _put_back(self, batch: list[Record]) -> None:
        with self._changed:
            self._records.extendleft(reversed(batch))
            self._writing = False


def write(records: Iterable[Record]) -> None:
    """Bring the rows to the records' state, in one transaction. Raises DatabaseError and leaves nothing half done."""
    with transaction.atomic():
        calls: dict[str, Call] = {}
        for record in records:
            call = calls.get(record.call_sid)
            if call is None:
                call, _ = Call.objects.get_or_create(call_sid=record.call_sid)
                calls[record.call_sid] = call
            if isinstance(record, TurnSaved):
                _write_turn(call, record)
            elif isinstance(record, EventNoted):
                CallEvent.objects.get_or_create(
                    call=call,
                    number=record.number,
                    defaults={"at": record.at, "code": record.code, "detail": record.detail[:200]},
                )
            else:
                _write_call(call, record)


def _write_call(call: Call, record: CallStarted | CallEnded) -> None:
    values = asdict(record)
    del values["call_sid"]
    Call.objects.filter(pk=call.pk).update(**values)


def _write_turn(call: Call, record: TurnSaved) -> None:
    values = asdict(record.turn)
    number = values.pop("number")
    row, created = Transcript.objects.get_or_create(call=call, number=number, defaults=values)
    if not created:
        Transcript.objects.filter(pk=row.pk, revision__lte=record.turn.revision).update(**values)


_writer: Writer | None = None
_writer_lock = threading.Lock()


def writer() -> Writer:
    """This process's writer, started."""
    global _writer
    with _writer_lock:
        if _writer is None:
            _writer = Writer()
        _writer.start()
        return _writer
