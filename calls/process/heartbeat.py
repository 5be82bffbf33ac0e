"""A process's sign of life, for those who watch: its calls, how late its loop is, and whether its recogniser answers.

One task a process looks at every running call once in EVERY_S, off the calls' path. Each beat names all calls, so a
wall that missed updates is right again with the next one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from calls.core.status import CallStatus
from calls.process.alarm_monitor import AlarmMonitor
from calls.process.live_updates import LiveUpdates
from calls.process.loop_lag import LoopLag
from calls.process.registry import RunningCall
from voiceapp.runtime import metrics
from voiceapp.runtime.this_process import PROCESS

logger = logging.getLogger(__name__)

EVERY_S = 1.0


class Heartbeat:
    """Start it on the loop that hears; the task lives as long as its loop."""

    def __init__(
        self,
        calls: Iterable[RunningCall],
        *,
        updates: LiveUpdates,
        alarms: AlarmMonitor,
        loop_lag: LoopLag,
        trouble: Callable[[], str],
    ) -> None:
        """``trouble``: the code of why the next call would not be heard by a stream; empty without."""
        self._calls = calls
        self._updates = updates
        self._alarms = alarms
        self._loop_lag = loop_lag
        self._trouble = trouble
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Idempotent."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._beat(), name="heartbeat")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _beat(self) -> None:
        while True:
            try:
                self.beat_once()
            except Exception:
                # The wall: alarms are raised on what it looks at.
                metrics.THREADS_FAILED.labels("pulse").inc()
                logger.exception("a pulse failed")
            await asyncio.sleep(EVERY_S)

    def beat_once(self) -> None:
        """Look at every call; alarms and those who watch are told. On the loop."""
        looks = status_of(self._calls, time.monotonic() * 1000)
        self._alarms.look(looks)
        self._updates.publish(
            {
                "kind": "process",
                "call": "",
                "process": PROCESS,
                "calls": {sid: [look.shows, look.hears, look.quiet_by, look.stand_in] for sid, _, look in looks},
                "lines": {sid: line for sid, line, _ in looks},
                "lag_ms": self._loop_lag.p95_ms,
                "recogniser": "down" if self._trouble() else "up",
                "alarms": self._alarms.open,
            }
        )


def status_of(calls: Iterable[RunningCall], now_ms: float) -> list[tuple[str, str, CallStatus]]:
    """CallSid, line and status of each call."""
    return [(call.call_sid, call.line, call.status(now_ms)) for call in calls]
