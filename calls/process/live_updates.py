"""What supervisors see while a call runs: published through the channel layer, off the call's path.

A call never waits for those who watch: updates go to a bounded place where the newest of a kind wins, and one task a
loop sends what has gathered as one batch each EVERY_S. So a call makes at most five updates a second of each kind, and
two hundred calls make five messages a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from redis.exceptions import RedisError

from calls.desk.permissions import READ
from voiceapp.runtime import metrics

if TYPE_CHECKING:
    from calls.core.turns import Turn
    from calls.storage.models import Transcript

logger = logging.getLogger(__name__)

GROUP = "live"
EVERY_S = 0.2
MOST_WAITING = 5000
"""Updates that a layer which does not answer may hold back; beyond it the oldest go."""
PULSE_S = 5.0
"""How often a watcher's socket tries its way through the layer, and how long that may take."""
LAYER_LOST = 4503
"""Our close code for a watcher who would be told nothing more: the page connects again and reads what it missed."""
SEND_TIMEOUT_S = 1.0
CHECK_AGAIN_S = 60.0
"""How long a watcher's permission is believed."""
NOT_ALLOWED = 4403
"""Our close code for who may no longer watch."""
EACH = ("turn", "note")
"""Kinds of which each counts, not only the newest of its stream."""

Update = dict[str, Any]


def shown(turn: Turn | Transcript, key: str) -> Update:
    """A turn as those who watch are told of it, live and when a page reads it again; ``key`` is then the same."""
    return {
        "key": key,
        "number": turn.number,
        "text": turn.heard_text,
        "started_ms": turn.started_ms,
        "source": turn.source,
        "code": turn.code,
        "engine": turn.engine,
        "partial_ms": turn.partial_ms,
        "final_ms": turn.final_ms,
        "revision": turn.revision,
    }


class Publisher:
    """One loop's way to the supervisors."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, str], Update] = {}
        self._task: asyncio.Task[None] | None = None
        self.failed = 0

    def publish(self, update: Update) -> None:
        """Take an update; it replaces one of its stream and kind (and turn) that waits. On the loop's thread; returns
        at once."""
        which = update.get("key", update["number"]) if update["kind"] in EACH else update.get("stream", "")
        key = (update["call"], update["kind"], str(which))
        # Behind what came meanwhile: updates arrive in the order of their newest.
        self._waiting.pop(key, None)
        self._waiting[key] = update
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send(), name="live-publisher")

    async def _send(self) -> None:
        layer = get_channel_layer()
        while self._waiting:
            batch, self._waiting = list(self._waiting.values()), {}
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await layer.group_send(GROUP, {"type": "live.update", "update": {"updates": batch}})
            except Exception as error:  # noqa: BLE001 - a wall: any layer's failure is the watchers' loss only
                metrics.LIVE_UNSENT.inc()
                self.failed += 1
                if self.failed == 1:
                    logger.warning("live updates are not sent: %s", type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def flush(self) -> None:
        """Wait until what was published is sent, for one try at most."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=EVERY_S + SEND_TIMEOUT_S)


_publishers: dict[asyncio.AbstractEventLoop, Publisher] = {}


def publish(update: Update) -> None:
    """``update`` has a ``kind``, the ``call`` it is about ("" of a process), its ``stream`` and, of a turn or note, its
    ``key``."""
    loop = asyncio.get_running_loop()
    publisher = _publishers.get(loop)
    if publisher is None:
        for closed in [other for other in _publishers if other.is_closed()]:
            del _publishers[closed]
        publisher = _publishers[loop] = Publisher()
    publisher.publish(update)


async def flush() -> None:
    """Before the process ends: who watches is told of its calls' end."""
    publisher = _publishers.get(asyncio.get_running_loop())
    if publisher is not None:
        await publisher.flush()


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """``/ws/live/``: who may read calls watches running ones; each message is a batch of updates.

    ``?call=SID`` leaves the other calls' out. A Redis that resets its connections is seen at once. One that falls
    silent, or forgets who is in the group (it was emptied; a day has passed), would leave a page that watches nothing:
    what the socket sends to itself must come back.
    """

    groups = (GROUP,)
    _pulse: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._came_back = asyncio.Event()
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as error:
            metrics.WATCHERS_LOST.inc()
            logger.warning("a watcher's socket is closed: %s", type(error).__name__)
            await send({"type": "websocket.close", "code": LAYER_LOST})
        finally:
            if self._pulse is not None:
                self._pulse.cancel()

    async def connect(self) -> None:
        self._only = parse_qs(self.scope.get("query_string", b"").decode("latin-1")).get("call", [""])[0]
        self._checked_s = time.monotonic()
        if not await self._may_watch():
            await self.close()
            return
        await self.accept()
        self._pulse = asyncio.create_task(self._beat())

    async def live_update(self, event: dict[str, Any]) -> None:
        if time.monotonic() - self._checked_s >= CHECK_AGAIN_S:
            self._checked_s = time.monotonic()
            if not await self._may_watch():
                await self.close(NOT_ALLOWED)
                return
        updates = event["update"]["updates"]
        if self._only:
            updates = list(_about(self._only, updates))
        if updates:
            await self.send_json({"updates": updates})

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
                metrics.WATCHERS_LOST.inc()
                logger.warning("a watcher's socket is closed: %s", type(error).__name__)
                await self.close(LAYER_LOST)
                return

    async def _may_watch(self) -> bool:
        user = self.scope.get("user")
        return user is not None and await database_sync_to_async(_is_allowed)(user)

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        # Hebrew as itself: a third of the bytes.
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _about(call_sid: str, updates: list[Update]) -> Iterator[Update]:
    """What concerns one call; of its process' pulse no other call."""
    for update in updates:
        if update["call"] == call_sid:
            yield update
        elif update["kind"] == "process" and call_sid in update["calls"]:
            yield {**update, "calls": {call_sid: update["calls"][call_sid]}}


def _is_allowed(user: Any) -> bool:
    """As the database has it now. One that is away changes nothing for who is watching already."""
    try:
        fresh = get_user_model()._default_manager.filter(pk=user.pk).first()
    except DatabaseError:
        return bool(user.is_active and user.is_staff)
    return fresh is not None and fresh.is_active and fresh.is_staff and fresh.has_perm(READ)
