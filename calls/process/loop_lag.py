"""How late the event loop is: a gauge that one task a process keeps. Owns no call."""

from __future__ import annotations

import asyncio
from collections import deque

from voiceapp.runtime import metrics
from voiceapp.runtime.percentile import percentile

EVERY_S = 0.05
REMEMBERED = 200
"""Ten seconds."""


class LoopLag:
    """The p95 of the loop's lateness over the last ten seconds."""

    def __init__(self) -> None:
        self.p95_ms: float | None = None
        """None until a second has been watched."""
        self._lags_ms: deque[float] = deque(maxlen=REMEMBERED)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch the running loop. Idempotent; the task lives as long as its loop."""
        if self._task is None or self._task.done() or self._task.get_loop() is not asyncio.get_running_loop():
            self._task = asyncio.get_running_loop().create_task(self._watch(), name="loop-lag")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        count = 0
        while True:
            due_s = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._lags_ms.append((loop.time() - due_s) * 1000)
            count += 1
            if count % 20 == 0:
                self.p95_ms = round(percentile(self._lags_ms, 0.95) or 0.0, 1)
                metrics.LOOP_LAG_MS.set(self.p95_ms)
