"""Threads whose work can wait, behind the event loop that hears; and the wall that no error of theirs gets past.

A thread that a process needs works until it is told to end. Whatever its work raises is counted and logged, and the
work begins again; one that has ended all the same makes the process not ready and raises an alarm (``unwell``).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import Any

from django.db import connection

from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

REST_S = 0.00005
"""Any sleep gives the processor and the interpreter's lock away; the loop then has them for as long as it needs."""
AGAIN_S = 1.0
"""Work that raised begins again after this long."""
WELL_S = 10.0
"""Work that has gone on for so long is well again."""
FAILING_AFTER = 3
"""Failures in a row, none of them well in between."""


class Unwell(StrEnum):
    ENDED = "ended"
    """It was not told to, and its work is not done by anybody."""
    FAILING = "failing"
    """Its work raises again and again."""


class Worker(threading.Thread):
    """A daemon thread behind the wall. Where Linux schedules it, it has its share of the processor, but never takes
    the processor from the loop by waking up; and it lets the loop have its turn behind every database statement.

    A lower priority would do the same, and worse: on a busy machine a thread that has the interpreter's lock and no
    turn makes the loop wait for it (docs/performance.md).
    """

    def __init__(self, name: str, work: Callable[[], None], *, once: bool) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._once = once
        self._failures = 0
        self._begun_s = 0.0

    def start(self) -> None:
        super().start()
        if not self._once:
            _needed[self.name] = self

    def retire(self) -> None:
        """It is told to end: that it ends is no trouble."""
        if _needed.get(self.name) is self:
            del _needed[self.name]

    def run(self) -> None:
        step_back()
        with connection.execute_wrapper(_rest_behind):
            while not self._done():
                time.sleep(AGAIN_S)

    def _done(self) -> bool:
        """Work; False when it must begin again."""
        self._begun_s = monotonic()
        try:
            self._work()
        except Exception:
            # The wall.
            metrics.THREADS_FAILED.labels(self.name).inc()
            logger.critical("thread_failed: %s", self.name, exc_info=True)
            self._failures = 1 if monotonic() - self._begun_s >= WELL_S else self._failures + 1
            return self._once
        return True

    @property
    def trouble(self) -> Unwell | None:
        if not self.is_alive():
            return Unwell.ENDED
        failing = self._failures >= FAILING_AFTER and monotonic() - self._begun_s < WELL_S
        return Unwell.FAILING if failing else None


_needed: dict[str, Worker] = {}
"""Started, and not told to end: the newest of each name."""


def thread(name: str, work: Callable[[], None], *, once: bool = False) -> Worker:
    """A thread, not yet started. ``once``: its work comes to an end by itself; else ``retire`` it before that."""
    return Worker(name, work, once=once)


def unwell() -> dict[str, Unwell]:
    """The threads of this process that should be at work and are not. Any thread."""
    return {name: trouble for name, worker in list(_needed.items()) if (trouble := worker.trouble) is not None}


def step_back() -> None:
    """This thread no longer takes the processor from another one by waking up."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # a container may forbid it
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_BATCH, os.sched_param(0))


def _rest_behind(execute: Callable[..., Any], *statement: Any) -> Any:
    """Run a database statement."""
    try:
        return execute(*statement)
    finally:
        time.sleep(REST_S)
