"""Threads whose work can wait, behind the event loop that hears."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

REST_S = 0.00005
"""Any sleep gives the processor and the interpreter's lock away; the loop then has them for as long as it needs."""


def thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A daemon thread, not yet started. Where Linux schedules it, it has its share of the processor, but never takes
    the processor from the loop by waking up; and it lets the loop have its turn behind every database statement.

    A lower priority would do the same, and worse: on a busy machine a thread that has the interpreter's lock and no
    turn makes the loop wait for it (docs/performance.md).
    """

    def run() -> None:
        step_back()
        with connection.execute_wrapper(_rest_behind):
            work()

    return threading.Thread(target=run, name=name, daemon=True)


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
