"""daphne's WebSockets, with a short way for the message that Twilio sends fifty times a second.

autobahn takes every message through nine hooks, for fragments, extensions and listeners that a media stream does not
have: a fifth of a call's CPU. A message that is one whole masked frame of ASCII text is unmasked and handed on here at
once. Whatever is anything else goes autobahn's way; of what is malformed it remains the only judge.

Nor may a peer that floods fill the memory while its application is busy: its socket is not read until the application
has taken what came, and TCP holds the peer. Nothing is dropped, and an honest call is never held: it sends nothing
before it is let in, and then its messages are taken at once. A peer that goes while its socket is held is noticed when
reading goes on; where it never does, by what notices a silent peer: the handshake's time-out, or a ping whose answer is
not read.

A peer that reads nothing is left by its channel (http_channel.py); until then no ping of its is answered, for the
answers would gather in memory. One that sends nothing but pings and pongs is closed.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.ws_protocol import ConnectionDeny, WebSocketProtocol
from websockets.frames import apply_mask

from voiceapp.runtime import metrics
from voiceapp.server.http_backpressure import PacedServer
from voiceapp.server.http_channel import BoundedChannel

HEADER = struct.Struct("!BBH4s")
"""Of a frame with a 16-bit length: flags and opcode, length's kind, length, mask. RFC 6455, 5.2."""
WHOLE_TEXT = 0x81
"""FIN, no reserved bit, opcode 1."""
MASKED_16_BIT = 0x80 | 126
SHORTEST = 126
"""Of a 16-bit length; its longest is within the bounds that serve.py sets."""
MOST_MESSAGES = 256
"""That wait for an application: five seconds of a call, and more of them than one read of the transport has."""
MOST_BYTES = 1 << 20
"""Of memory that they take."""
WEIGHED_EVERY = 32
"""Messages; as many of the longest may come on top of MOST_BYTES."""
MOST_UNANSWERED_BYTES = 1 << 16
"""That a peer sends before it is let in."""
MOST_CONTROLS, CONTROLS_S = 100, 10.0
"""Pings and pongs of one socket in so long. Honest peers send one in twenty seconds, and answer ours."""
POLICY_VIOLATION = 1008


class SocketServer(PacedServer):
    """daphne that gives each WebSocket's application an ``Inbox``."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        inbox = Inbox(asyncio.get_event_loop(), protocol.hold, protocol.go_on)
        scope["asgi"] = {"version": "3.0"}
        send = partial(self.handle_reply, protocol)
        self.connections[protocol]["application_instance"] = inbox.loop.create_task(
            self.application(scope, inbox.get, send)
        )
        self.watch(protocol)
        return inbox


class Inbox:
    """What one application receives, in order. An asyncio.Queue is shared and waited for by many; this is for one
    reader, and costs half. It refuses nothing: when it is full it has its socket held."""

    __slots__ = ("_full", "_go_on", "_hold", "_messages", "_waiter", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, hold: Callable[[], None], go_on: Callable[[], None]) -> None:
        """``hold`` is called when too much waits, ``go_on`` when the reader has taken all of it."""
        self.loop = loop
        self._hold, self._go_on = hold, go_on
        self._messages: deque[dict[str, Any]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._full = False

    def put_nowait(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        if not len(self._messages) % WEIGHED_EVERY:
            self._weigh()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def get(self) -> dict[str, Any]:
        """The next message. Only one may wait."""
        while not self._messages:
            if self._full:
                self._full = False
                # Not at once: what waits behind may fill the inbox again, and other sockets would not have their turn.
                self.loop.call_soon(self._go_on)
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._messages.popleft()

    def _weigh(self) -> None:
        if self._full:
            return
        waiting = (message.get("text") or message.get("bytes") for message in self._messages)
        if len(self._messages) >= MOST_MESSAGES or sum(map(sys.getsizeof, waiting)) >= MOST_BYTES:
            self._full = True
            self._hold()


class Socket(WebSocketProtocol):
    """One WebSocket."""

    data: bytes
    """What was received and not taken yet: autobahn's."""
    held = False
    """Nothing is read or taken until ``go_on``."""
    channel: BoundedChannel
    """That the request came by; it goes on watching the connection."""
    _controls = 0
    _controls_since_s = 0.0

    def dataReceived(self, data: bytes) -> None:
        if not self.data:
            data = self._take_messages(data)
        if data:
            # autobahn's own first makes a coloured debug line that nobody reads.
            self._dataReceived(data)
        if self.held:
            # Whenever something came all the same: HTTP's channel, which had the request, lets the transport read again
            # once it has handed it over, and whenever its writing is no longer held up.
            self.transport.pauseProducing()

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        """As autobahn's, without its coloured debug line: two thirds of what a message's way out takes."""
        if sync or chopsize or self.send_queue or self.logOctets or self.state != self.STATE_OPEN:
            super().sendData(data, sync, chopsize)
        else:
            self.transport.write(data)
            self.trafficStats.outgoingOctetsWireLevel += len(data)

    def hold(self) -> None:
        """Read no more."""
        self.held = True
        metrics.SOCKETS_HELD.inc()

    def go_on(self) -> None:
        """Take what waits in the buffer, and read again unless that was too much."""
        self.held = False
        self.consumeData()
        if not self.held and self.state != self.STATE_CLOSED:
            self.transport.resumeProducing()

    def processHandshake(self) -> None:
        """The request; what comes before its answer waits in the buffer, and is no second request."""
        if not hasattr(self, "handshake_deferred"):
            super().processHandshake()
        elif len(self.data) > MOST_UNANSWERED_BYTES and not self.held:
            self.hold()

    def refuse(self, status: int, reason: str) -> None:
        """Answer a handshake with an HTTP error, unless it has an answer. Its application hears of a disconnect."""
        # daphne leaves it in place, and a second answer would raise.
        handshake = self.__dict__.pop("handshake_deferred", None)
        if handshake is not None:
            handshake.errback(ConnectionDeny(status, reason))
            self.server.protocol_disconnected(self)

    def serverReject(self) -> None:
        self.refuse(403, "Access denied")

    def handle_exception(self, exception: BaseException | None) -> None:
        """The application has failed."""
        if self.state == self.STATE_CONNECTING:
            self.refuse(500, "Internal server error")
        else:
            super().handle_exception(exception)

    def abort(self) -> None:
        """Reset the connection."""
        self.transport.abortConnection()

    def serverAccept(self, subprotocol: str | None = None) -> None:
        unanswered = self.held
        super().serverAccept(subprotocol)
        self.channel.let_in()
        if unanswered:
            self.go_on()

    def onPing(self, payload: bytes) -> None:
        if self._may_send_controls() and not self.channel.is_unread:
            super().onPing(payload)

    def onPong(self, payload: bytes) -> None:
        if self._may_send_controls():
            super().onPong(payload)

    def _may_send_controls(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._controls_since_s > CONTROLS_S:
            self._controls_since_s, self._controls = now_s, 0
        self._controls += 1
        if self._controls == MOST_CONTROLS:
            metrics.PING_FLOODS.inc()
            self.sendCloseFrame(code=POLICY_VIOLATION, isReply=False)
        return self._controls < MOST_CONTROLS

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
        if self.held:
            return False
        before, self.data = len(self.data), self._take_messages(self.data)
        if len(self.data) < before:
            return bool(self.data)
        return bool(super().processData())

    def _take_messages(self, data: bytes) -> bytes:
        """Hand on the messages at the head that are one whole masked frame of ASCII text; returns what follows."""
        while len(data) >= HEADER.size and not self.held and self._awaits_a_message():
            flags, kind, length, mask = HEADER.unpack_from(data)
            end = HEADER.size + length
            if flags != WHOLE_TEXT or kind != MASKED_16_BIT or length < SHORTEST or len(data) < end:
                break
            payload = apply_mask(data[HEADER.size : end], mask)
            if not payload.isascii():
                break
            data = data[end:]
            self.onMessage(payload, False)
        return data

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
