"""daphne's WebSockets, with a short way for the message that Twilio sends fifty times a second.

autobahn takes every message through nine hooks, for fragments, extensions and listeners that a media stream does not
have: a fifth of a call's CPU. A message that is one whole masked frame of ASCII text is unmasked and handed on here at
once. Whatever is anything else goes autobahn's way; of what is malformed it remains the only judge.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from functools import partial
from typing import Any

from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from websockets.frames import apply_mask

HEADER = struct.Struct("!BBH4s")
"""Of a frame with a 16-bit length: flags and opcode, length's kind, length, mask. RFC 6455, 5.2."""
WHOLE_TEXT = 0x81
"""FIN, no reserved bit, opcode 1."""
MASKED_16_BIT = 0x80 | 126
SHORTEST = 126
"""Of a 16-bit length; its longest is within the bounds that serve.py sets."""


class SocketServer(Server):
    """daphne that gives each WebSocket's application an ``Inbox``."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        inbox = Inbox(asyncio.get_event_loop())
        scope["asgi"] = {"version": "3.0"}
        send = partial(self.handle_reply, protocol)
        self.connections[protocol]["application_instance"] = inbox.loop.create_task(
            self.application(scope, inbox.get, send)
        )
        return inbox


class Inbox:
    """What one application receives, in order. An asyncio.Queue is bounded, shared and waited for by many; this is for
    one reader, and costs half."""

    __slots__ = ("_messages", "_waiter", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._messages: deque[dict[str, Any]] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put_nowait(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def get(self) -> dict[str, Any]:
        """The next message. Only one may wait."""
        while not self._messages:
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._messages.popleft()


class Socket(WebSocketProtocol):
    """One WebSocket."""

    data: bytes
    """What was received and not taken yet: autobahn's."""

    def dataReceived(self, data: bytes) -> None:
        # autobahn's own first makes a coloured debug line that nobody reads.
        self._dataReceived(data)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """As daphne's, without its two debug lines."""
        if not self.muted:
            self.last_ping = time.time()
            self.application_queue.put_nowait(
                {"type": "websocket.receive", "bytes": payload}
                if isBinary
                else {"type": "websocket.receive", "text": payload.decode()}
            )

    def processData(self) -> bool:
        """Take what stands at the head of the buffer; True when more can be taken at once."""
        if len(self.data) >= HEADER.size and self._awaits_a_message():
            flags, kind, length, mask = HEADER.unpack_from(self.data)
            end = HEADER.size + length
            if flags == WHOLE_TEXT and kind == MASKED_16_BIT and length >= SHORTEST and len(self.data) >= end:
                payload = apply_mask(self.data[HEADER.size : end], mask)
                if payload.isascii():
                    self.data = self.data[end:]
                    self.onMessage(payload, False)
                    return bool(self.data)
        return bool(super().processData())

    def _awaits_a_message(self) -> bool:
        return (
            self.state == self.STATE_OPEN
            and self.current_frame is None
            and not self.inside_message
            and not self.failedByMe
            # Whoever answers a ping by other traffic is known to autobahn alone.
            and self.autoPingTimeoutCall is None
            and self._perMessageCompress is None
        )
