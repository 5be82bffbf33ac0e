"""The socket of a supervisor who listens in to a running call: each message is a fifth of a second of its sound
(calls/live/sound_tap.py), as it is heard and played.

A browser says how many messages it has taken; one that takes none is dropped, whatever its network and proxies hold
back. Nobody listens unnoted: the access log has it before the first sound, and until when.

A Redis that stops, and a process that is restarted, close the socket; the page says so and connects again, more and
more seldom, until the sound is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from redis.exceptions import RedisError

from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.line_limits.seen import seen_by
from calls.desk.permissions import LISTEN, READ
from calls.desk.sign_in.sockets import person_at
from calls.process.listening_in import RENEW_S, group_of
from calls.process.services import services
from calls.storage.models import Call
from voiceapp.runtime import metrics
from voiceapp.runtime.whole_number import whole_number

logger = logging.getLogger(__name__)

MOST_UNTAKEN = 25
"""Messages that a browser has not taken yet: five seconds. With more it is dropped."""
SILENT_S = 20.0
"""Without any sound for so long the call is over, or its process is away."""
CHECK_AGAIN_S = 60.0
"""How long a listener's permission is believed."""
NOT_ALLOWED, NOT_RUNNING, TOO_MANY, UNTAKEN, SOUNDLESS, LAYER_LOST = 4403, 4404, 4429, 4408, 4504, 4503
"""Our close codes. After the last two the page connects again."""


class ListenConsumer(AsyncWebsocketConsumer):
    """``/ws/listen/?call=SID``."""

    _keeping: asyncio.Task[None] | None = None
    _call_sid = ""
    """Of the call that is listened to; empty until it is."""
    _sent = _taken = 0
    """Messages."""
    _sounded_s = 0.0
    _person: Any = None
    _is_noted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as error:
            metrics.WATCHERS_LOST.inc()
            logger.warning("a listener's socket is closed: %s", type(error).__name__)
            await send({"type": "websocket.close", "code": LAYER_LOST})
        finally:
            await self._leave()

    async def connect(self) -> None:
        call_sid = parse_qs(self.scope.get("query_string", b"").decode("latin-1")).get("call", [""])[0]
        self._session_key: str | None = self.scope["session"].session_key
        try:
            self._person = await database_sync_to_async(person_at)(self._session_key, READ, LISTEN)
            if self._person is None:
                await self.close()
                return
            code = await self._join(call_sid)
        except (DatabaseError, RedisError, OSError) as error:
            # Nobody listens unnoted: the page connects again.
            logger.warning("nobody can listen in: %s", type(error).__name__)
            code = LAYER_LOST
        await self.accept()
        if code is not None:
            await self._leave()
            await self.close(code)
            return
        metrics.LISTENERS.inc()
        self._sounded_s = time.monotonic()
        self._keeping = asyncio.create_task(self._keep())

    async def _join(self, call_sid: str) -> int | None:
        """The close code of why not; None where the sound comes from now on."""
        if not await database_sync_to_async(_is_running)(self._person, call_sid):
            return NOT_RUNNING
        if not services().listening.begin(call_sid):
            return TOO_MANY
        self._call_sid = call_sid
        # First what may fail for minutes: a page that tries again and hears nothing is no access.
        await self.channel_layer.group_add(group_of(call_sid), self.channel_name)
        await self._note(call_sid)
        return None

    async def _note(self, call_sid: str) -> None:
        """That this person listens until now. Raises DatabaseError."""
        await database_sync_to_async(note_lasting)(Kind.LISTEN_IN, self._person, call_sid)
        self._is_noted = True

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """How many messages the browser has taken."""
        taken = whole_number(text_data or "", 0, self._sent)
        if taken is not None:
            self._taken = max(taken, self._taken)

    async def listen_sound(self, event: dict[str, Any]) -> None:
        if not self._call_sid:
            return  # left, and this had been on its way
        if self._sent - self._taken >= MOST_UNTAKEN:
            metrics.LISTENERS_DROPPED.inc()
            await self._leave()
            await self.close(UNTAKEN)
            return
        self._sent += 1
        self._sounded_s = time.monotonic()
        await self.send(bytes_data=event["sound"])

    async def _keep(self) -> None:
        """Ask for the sound again and again, for as long as this person may hear it."""
        checked_s = time.monotonic()
        while True:
            await services().listening.ask(self._call_sid)
            await asyncio.sleep(RENEW_S)
            now_s = time.monotonic()
            if now_s - self._sounded_s > SILENT_S:
                await self.close(SOUNDLESS)
                return
            if now_s - checked_s >= CHECK_AGAIN_S:
                checked_s = now_s
                if not await self._may_still_listen():
                    await self.close(NOT_ALLOWED)
                    return
                with contextlib.suppress(DatabaseError):  # its beginning is noted
                    await self._note(self._call_sid)

    async def _may_still_listen(self) -> bool:
        """A database that is away changes nothing for whoever listens already."""
        try:
            return await database_sync_to_async(_may_listen)(self._session_key, self._call_sid)
        except DatabaseError:
            return True

    async def _leave(self) -> None:
        """Idempotent."""
        if self._call_sid:
            call_sid, self._call_sid = self._call_sid, ""
            services().listening.end(call_sid)
            with contextlib.suppress(RedisError, OSError):
                await self.channel_layer.group_discard(group_of(call_sid), self.channel_name)
            if self._is_noted:
                with contextlib.suppress(DatabaseError):
                    await self._note(call_sid)
        if self._keeping is not None:
            keeping, self._keeping = self._keeping, None
            metrics.LISTENERS.dec()
            keeping.cancel()
            await asyncio.wait({keeping})


def _is_running(person: Any, call_sid: str) -> bool:
    """A call of a line that this person does not see is none."""
    return seen_by(person).of(Call).filter(call_sid=call_sid, ended_at=None).exists()


def _may_listen(session_key: str | None, call_sid: str) -> bool:
    """Raises DatabaseError."""
    person = person_at(session_key, READ, LISTEN)
    return person is not None and seen_by(person).of(Call).filter(call_sid=call_sid).exists()
