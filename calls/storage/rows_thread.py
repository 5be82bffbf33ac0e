"""A thread that works on stored rows beside the calls, a little at a time, and waits where the database is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections

from voiceapp.runtime import background

logger = logging.getLogger(__name__)

AWAY_S = 30.0
"""A database that is away is asked again this often."""


class RowsThread:
    """One of a process that serves."""

    def __init__(self, name: str, work: Callable[[], float]) -> None:
        """``work`` does a little and returns the pause behind it in seconds. Raises DatabaseError as it likes."""
        self._name = name
        self._work = work
        self._stopping = threading.Event()
        self._thread: background.Worker | None = None

    def start(self) -> None:
        """Idempotent."""
        if self._thread is None:
            self._thread = background.thread(self._name, self._run)
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.retire()
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                try:
                    pause_s = self._work()
                finally:
                    # Its connection is another's while it waits.
                    close_old_connections()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("%s waits for the database (%s)", self._name, type(error).__name__)
                pause_s = AWAY_S
            self._stopping.wait(pause_s)
