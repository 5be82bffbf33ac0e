"""The process's one thread that writes recordings and traces: encryption and disk are its own time, no call's."""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from calls.storage.kept_files import GrowingFile
from voiceapp.runtime import background, metrics
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.seldom import Seldom

logger = logging.getLogger(__name__)

MAX_WAITING_SLOTS = 20_000
"""This many slots may wait for the disk; beyond it the newest are dropped and counted."""
MAX_OPEN_FILES = 256
"""The files that were written last stay open, until they are finished."""
GATHER_S = 0.1
"""Slots gather for this long before they are written."""


_Item = tuple[Path, bytes | None, bytes, Callable[[str], None]]
"""A file's path, what is appended, None where it is finished, what the file begins with, and who is told that it could
not be written."""


def told_to_nobody(why: str) -> None:
    """Of a file whose owner does not ask what the disk did not take."""


class RecordingDisk:
    """One thread that appends the slots of all calls to their files."""

    def __init__(self) -> None:
        self._slots: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: background.Worker | None = None
        self._files: OrderedDict[Path, GrowingFile] = OrderedDict()
        self._failures = Seldom()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Idempotent."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = background.thread("recording", self._run)
            self._thread.start()

    def put(
        self,
        path: Path,
        data: bytes | None,
        header: bytes = b"",
        unwritten: Callable[[str], None] = told_to_nobody,
    ) -> None:
        """Append to a file: a slot where it begins with a header, else a line with its end; None finishes it. Any
        thread; returns at once. ``unwritten`` is called where that cannot be written, on this thread or the disk's,
        with why: it returns at once too."""
        if self._slots.qsize() >= MAX_WAITING_SLOTS:
            metrics.RECORDING_DROPPED.inc()
            unwritten("disk_behind")
            return
        self._slots.put((path, data, header, unwritten))

    def finish(self, path: Path, unwritten: Callable[[str], None] = told_to_nobody) -> None:
        """Nothing more is appended to a file. Any thread; returns at once. Where too many slots wait it stays
        unfinished, as one whose end is missing: its newest slots were dropped."""
        self.put(path, None, unwritten=unwritten)

    def stop(self, timeout_s: float) -> None:
        """Write what is left. Blocking."""
        if self._thread is not None:
            self._thread.retire()
        self._stopping.set()
        self._slots.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def _run(self) -> None:
        while (item := self._slots.get()) is not None:
            if self._slots.empty():
                # One wake-up for the slots of many calls: each wake-up makes the event loop wait for the interpreter.
                self._stopping.wait(GATHER_S)
            path, data, header, unwritten = item
            try:
                if data is None:
                    self._finish(path)
                else:
                    self._file(path, header, len(data)).append(data)
            except (OSError, ValueError, StorageError) as error:
                # A path that no file can have is a ValueError, and the other calls' audio waits behind it.
                metrics.RECORDING_DROPPED.inc()
                self._close(path)
                unwritten(_why(error))
                if self._failures.is_due():
                    logger.critical("recording_failed: %s takes nothing (%s)", path.parent, error)
        for path in list(self._files):
            self._close(path)

    def _finish(self, path: Path) -> None:
        """Also of a file that others have pushed out of the open ones; one that took nothing is not made."""
        if path in self._files or path.exists():
            self._file(path, b"", 0).finish()
            self._close(path)

    def _file(self, path: Path, header: bytes, slot_bytes: int) -> GrowingFile:
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = GrowingFile(path, header, slot_bytes if header else 0)
            if len(self._files) > MAX_OPEN_FILES:
                self._close(next(iter(self._files)))
        self._files.move_to_end(path)
        return file

    def _close(self, path: Path) -> None:
        file = self._files.pop(path, None)
        if file is not None:
            try:
                file.close()
            except OSError:
                metrics.RECORDING_DROPPED.inc()


def _why(error: OSError | ValueError | StorageError) -> str:
    """Without the path, which is in the log."""
    if isinstance(error, StorageError):
        return error.code
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else type(error).__name__
