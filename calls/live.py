"""What supervisors see while a call runs: published through the channel layer, off the call's path.

A call never waits for those who watch: updates go to a bounded queue, newest win, and one task a loop sends them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

GROUP = "live"
MOST_WAITING = 1000
SEND_TIMEOUT_S = 1.0


class Publisher:
    """One loop's way to the supervisors."""

    def __init__(self) -> None:
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self.failed = 0

    def publish(self, update: dict[str, Any]) -> None:
        """Take an update; when MOST_WAITING wait, the oldest goes. On the loop's thread; returns at once."""
        self._waiting.append(update)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        layer = get_channel_layer()
        while self._waiting:
            update = self._waiting.popleft()
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await layer.group_send(GROUP, {"type": "live.update", "update": update})
            except Exception as error:  # noqa: BLE001 - a wall: any layer's failure is the watchers' loss only
                self.failed += 1
                if self.failed == 1:
                    logger.warning("live updates are not sent: %s", type(error).__name__)


_publishers: dict[asyncio.AbstractEventLoop, Publisher] = {}


def publish(update: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    publisher = _publishers.get(loop)
    if publisher is None:
        for closed in [other for other in _publishers if other.is_closed()]:
            del _publishers[closed]
        publisher = _publishers[loop] = Publisher()
    publisher.publish(update)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """``/ws/live/``: staff watch running calls; every update is one JSON message."""

    groups = (GROUP,)

    async def connect(self) -> None:
        user = self.scope.get("user")
        if user is None or not user.is_staff:
            await self.close()
            return
        await self.accept()

    async def live_update(self, event: dict[str, Any]) -> None:
        await self.send_json(event["update"])
