"""The socket of a page that watches running calls: each message is a batch of updates
(calls/process/live_updates.py)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from redis.exceptions import RedisError

from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.permissions import READ
from calls.process.live_updates import GROUP, Update
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

PULSE_S = 5.0
"""How often a watcher's socket tries its way through the layer, and how long that may take."""
LAYER_LOST = 4503
"""Our close code for a watcher who would be told nothing more: the page connects again and reads what it missed."""
CHECK_AGAIN_S = 60.0
"""How long a watcher's permission is believed."""
NOT_ALLOWED = 4403
"""Our close code for who may no longer watch."""


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
        try:
            await database_sync_to_async(note_lasting)(
                Kind.WATCH, self.scope["user"], self._only, calls=int(bool(self._only))
            )
        except DatabaseError:
            # Nobody watches unnoted: the page connects again.
            await self.accept()
            await self.close(LAYER_LOST)
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
