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
from django.db import DatabaseError
from redis.exceptions import RedisError

from calls.core.addresses import masked
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.line_limits.seen import SeenLines, seen_by
from calls.desk.numbers import sees_numbers
from calls.desk.permissions import READ
from calls.desk.sign_in.sockets import person_at
from calls.process.live_updates import GROUP, Update
from calls.storage.models import Call
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

PULSE_S = 5.0
"""How often a watcher's socket tries its way through the layer, and how long that may take."""
LAYER_LOST = 4503
"""Our close code for a watcher who would be told nothing more: the page connects again and reads what it missed."""
CHECK_AGAIN_S = 60.0
"""How long a watcher's session and permission are believed."""
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
    _sees_numbers = False
    _seen = SeenLines(frozenset())
    """The lines whose calls are told of: none, until it is known."""

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
        self._session_key: str | None = self.scope["session"].session_key
        try:
            person, self._sees_numbers, self._seen = await self._look_up()
            if person is None or not await database_sync_to_async(_may_follow)(self._seen, self._only):
                await self.close()
                return
            await database_sync_to_async(note_lasting)(Kind.WATCH, person, self._only, calls=int(bool(self._only)))
        except DatabaseError:
            # Nobody watches unnoted: the page connects again.
            await self.accept()
            await self.close(LAYER_LOST)
            return
        await self.accept()
        self._pulse = asyncio.create_task(self._beat())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """A watcher has nothing to say."""

    async def live_update(self, event: dict[str, Any]) -> None:
        if time.monotonic() - self._checked_s >= CHECK_AGAIN_S:
            self._checked_s = time.monotonic()
            if not await self._may_still_watch():
                await self.close(NOT_ALLOWED)
                return
        updates = event["update"]["updates"]
        updates = list(of_seen_lines(self._seen, updates))
        if self._only:
            updates = list(_about(self._only, updates))
        if not self._sees_numbers:
            updates = [_without_number(update) for update in updates]
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

    async def _may_still_watch(self) -> bool:
        """As the database has it now; one that is away changes nothing for whoever is watching already."""
        try:
            person, self._sees_numbers, self._seen = await self._look_up()
        except DatabaseError:
            return True
        return person is not None

    async def _look_up(self) -> tuple[Any, bool, SeenLines]:
        return await database_sync_to_async(_watcher_at)(self._session_key)

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


def of_seen_lines(seen: SeenLines, updates: list[Update]) -> Iterator[Update]:
    """Without other lines' calls and alarms. Pure. What a process of an older version tells names no line: only who
    sees all lines is told."""
    for update in updates:
        if update["kind"] != "process":
            if seen.has(update.get("to", "")):
                yield update
            continue
        told = {name: value for name, value in update.items() if name != "lines"}
        if seen.is_limited:
            lines = update.get("lines", {})
            told["calls"] = {sid: look for sid, look in update["calls"].items() if seen.has(lines.get(sid, ""))}
            told["alarms"] = [one for one in update.get("alarms", []) if seen.shows_alarm(one[0], one[1])]
        yield told


def _may_follow(seen: SeenLines, call_sid: str) -> bool:
    """A page that follows one call has found its row. Raises DatabaseError."""
    return not call_sid or not seen.is_limited or seen.of(Call).filter(call_sid=call_sid).exists()


def _without_number(update: Update) -> Update:
    return {**update, "from": masked(update["from"])} if update.get("from") else update


def _watcher_at(session_key: str | None) -> tuple[Any, bool, SeenLines]:
    """Whoever may watch by this session, or None; whether they see callers' numbers; the lines that they see. Raises
    DatabaseError."""
    person = person_at(session_key, READ)
    if person is None:
        return None, False, SeenLines(frozenset())
    return person, sees_numbers(person), seen_by(person)
