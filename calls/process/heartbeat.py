"""A process's sign of life, for those who watch: its calls, how late its loop is, and whether its recogniser answers.

One task a process looks at every running call once in EVERY_S, off the calls' path. Each pulse names all calls, so a
wall that missed updates is right again with the next one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from calls.core.status import CallStatus
from calls.process import live_updates
from calls.process.alarm_monitor import watchman
from calls.process.loop_lag import loop_lag
from calls.process.recognition import recognition
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

EVERY_S = 1.0
PROCESS = f"{socket.gethostname()}:{os.getpid()}"


class Session(Protocol):
    call_sid: str

    def look(self, now_ms: float) -> CallStatus: ...


class Running(Protocol):
    """What is known of a running call: calls/consumers.py has them."""

    line: str

    @property
    def session(self) -> Session | None: ...


class Heartbeat:
    """Start it on the loop that hears; the task lives as long as its loop."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, running: Callable[[], Iterable[Running]]) -> None:
        """``running`` says which calls there are. Idempotent."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._beat(running), name="pulse")

    async def _beat(self, running: Callable[[], Iterable[Running]]) -> None:
        while True:
            try:
                _beat_once(running())
            except Exception:
                # The wall: alarms are raised on what it looks at.
                metrics.THREADS_FAILED.labels("pulse").inc()
                logger.exception("a pulse failed")
            await asyncio.sleep(EVERY_S)


def _beat_once(running: Iterable[Running]) -> None:
    looks = look_at(running, time.monotonic() * 1000)
    watchman.look(looks)
    live_updates.publish(
        {
            "kind": "process",
            "call": "",
            "process": PROCESS,
            "calls": {sid: [look.shows, look.hears] for sid, _, look in looks},
            "lag_ms": loop_lag.p95_ms,
            "recogniser": "down" if recognition().trouble else "up",
            "alarms": watchman.open,
        }
    )


def look_at(running: Iterable[Running], now_ms: float) -> list[tuple[str, str, CallStatus]]:
    """CallSid, line and state of each call whose session has begun."""
    return [(one.session.call_sid, one.line, one.session.look(now_ms)) for one in running if one.session is not None]


pulse = Heartbeat()
"""This process's."""
