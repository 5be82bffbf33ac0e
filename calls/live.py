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
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

GROUP = "live"
PULSE_S = 5.0
"""How often a watcher's socket tries its way through the layer, and how long that may take."""
LAYER_LOST = 4503
"""Our close code for a watcher who would be told nothing more: the page connects again and reads what it missed."""
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
    """``/ws/live/``: staff watch running calls; every update is one JSON message.

    A Redis that resets its connections is seen at once. One that falls silent, or forgets who is in the group (it was
    emptied; a day has passed), would leave a page that watches nothing: what the socket sends to itself must come back.
    """

    groups = (GROUP,)
    _pulse: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._came_back = asyncio.Event()
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as error:
            logger.warning("a watcher's socket is closed: %s", type(error).__name__)
            await send({"type": "websocket.close", "code": LAYER_LOST})
        finally:
            if self._pulse is not None:
                self._pulse.cancel()

    async def connect(self) -> None:
        user = self.scope.get("user")
        if user is None or not user.is_staff:
            await self.close()
            return
        await self.accept()
        self._pulse = asyncio.create_task(self._beat())

    async def live_update(self, event: dict[str, Any]) -> None:
        await self.send_json(event["update"])

    async def live_pulse(self, event: dict[str, Any]) -> None:
        self._came_back.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._came_back.clear()
            try:
                async with asyncio.timeout(PULSE_S):
                    await self.channel_layer.group_add(GROUP, self.channel_name)
                    await self.channel_layer.send(self.channel_name, {"type": "live.pulse"})
                    await self._came_back.wait()
            except Exception as error:  # noqa: BLE001 - a wall, as above
                logger.warning("a watcher's socket is closed: %s", type(error).__name__)
                await self.close(LAYER_LOST)
                return
