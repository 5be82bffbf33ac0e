"""Threads whose work can wait, behind the event loop that hears."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable


def thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A daemon thread, not yet started. Where Linux schedules it, it has its share of the processor, but never takes
    the processor from the loop by waking up.

    A lower priority would do the same, and worse: on a busy machine a thread that has the interpreter's lock and no
    turn makes the loop wait for it (docs/performance.md).
    """

    def run() -> None:
        if hasattr(os, "SCHED_BATCH"):
            with contextlib.suppress(OSError):  # a container may forbid it
                os.sched_setscheduler(threading.get_native_id(), os.SCHED_BATCH, os.sched_param(0))
        work()

    return threading.Thread(target=run, name=name, daemon=True)
