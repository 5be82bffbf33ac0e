"""MediaStreamConsumer: the socket of one call, its one thread and its one queue.

The mission's names live here: loop, exec, events_q, _hebrew_stt, _stt_fallback_async, _stt_fallback_nonblocking,
_on_stt_fallback_done, _pump_events, _process_utterance_safe, _handle_transcript_ready_async. What a call is while it
runs is calls/live/live_call.py; what it decides, calls/core/session.py.

The way of a frame: dispatch → receive → LiveCall.receive → parse → driver → session → driver → transcriber.feed.
Nothing on it awaits, logs, hops to a thread or touches the ORM or the channel layer. Results come back through events_q
only, and the pump is its only reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from channels.db import DatabaseSyncToAsync
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from calls.live.call_end import CLOSE_IMPOSSIBLE
from calls.live.event_queue import EventQueue
from calls.live.fallback_bridge import FallbackBridge
from calls.live.live_call import LiveCall
from calls.live.message_bounds import MessageBounds
from calls.process.services import Services, services
from calls.twilio import stream_tokens
from calls.twilio.call_age import ask_call_age_ms
from calls.twilio.signature import handshake_is_signed
from voiceapp.runtime import metrics
from voiceapp.runtime.log_context import CALL_SID

logger = logging.getLogger(__name__)

SUBPROTOCOL = "audio.twilio.com"


class MediaStreamConsumer(AsyncWebsocketConsumer):
    """One Twilio media stream."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = asyncio.get_running_loop()
        self.exec = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stt-fallback", initializer=self._name_thread)
        self.queue = EventQueue()
        self.events_q = self.queue.events_q
        self.bridge = FallbackBridge(self.loop, self.exec, self.queue.put_event)
        self._bounds = MessageBounds()
        self.call: LiveCall | None = None
        """None until a token has let the call in."""

    # The socket

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One message after the other as they come; the stock loop makes a task of each, and waits for it.

        No channel layer: it would be on the call's path, and a lost Redis would end the call.
        """
        self.scope, self.base_send, self.channel_layer = scope, send, None
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Audio goes straight to ``receive``: the stock way hops through the process's one ORM thread per message."""
        if message["type"] == "websocket.receive":
            try:
                await self.receive(message.get("text"), message.get("bytes"))
            except Exception:
                # The wall: one message that cannot be handled must not end the call.
                metrics.RECEIVE_ERRORS.inc()
                self._not_received()
        else:
            await super().dispatch(message)

    async def connect(self) -> None:
        """Let Twilio in, and nobody else: signature, token, and room for one more call."""
        token = self.scope["url_route"]["kwargs"]["token"]
        headers = dict(self.scope["headers"])
        signature = headers.get(b"x-twilio-signature", b"").decode("latin-1")
        if not handshake_is_signed(self.scope["path"], signature):
            await self._refuse("bad_signature")
            return
        own = services()
        try:
            said = stream_tokens.read(token)
            refusal = own.admission.refusal(said.call_sid)
            if refusal:
                await self._refuse(refusal)
                return
            await stream_tokens.spend(token)
        except stream_tokens.TokenError as error:
            await self._refuse(f"token_{error.code}")
            return
        base_ms = said.base_ms or await ask_call_age_ms(said.call_sid, own.shared)
        # Again: many may have asked meanwhile, and the process been told to end. Nothing is awaited until the call has
        # its place.
        refusal = own.admission.refusal(said.call_sid)
        if refusal:
            await self._refuse(refusal)
            return
        own.start()
        own.start_on_loop()
        self.begin(said, base_ms, own)
        # A subprotocol that was not offered would hang the handshake.
        await self.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)

    def begin(self, token: stream_tokens.StreamToken, base_ms: int, own: Services) -> None:
        """The call is there, whole; it runs until its record is complete."""
        # For the socket's task, and for those that it starts.
        CALL_SID.set(token.call_sid)
        self.call = LiveCall(
            token,
            base_ms,
            own,
            queue=self.queue,
            bridge=self.bridge,
            ask=self._process_utterance_safe,
            send=self.send,
            close=self.close,
        )
        own.calls.add(self.loop.create_task(self._pump_events(), name=f"pump {token.call_sid}"), self.call)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message from Twilio. Never awaits, but to close the socket on what Twilio cannot have sent."""
        if self.call is None:
            return
        code = self._bounds.flaw(text_data)
        if code or text_data is None:
            logger.warning("call %s: socket closed: %s", self.call.call_sid, code)
            self.call.session.counters[code] += 1
            await self.close(CLOSE_IMPOSSIBLE)
            return
        self.call.receive(text_data)

    async def disconnect(self, code: int) -> None:
        """The socket is gone; the pump goes on until every utterance is a turn."""
        if self.call is not None:
            self.call.lost()
        else:
            self.exec.shutdown(wait=False)

    def _not_received(self) -> None:
        """On the call's row what ``receive`` raised on; in the log once a call: the next frame may raise it again."""
        call_sid = ""
        if self.call is not None:
            call_sid = self.call.call_sid
            self.call.session.counters["receive_error"] += 1
            if self.call.session.counters["receive_error"] > 1:
                return
        logger.exception("call %s: a message could not be handled", call_sid)

    async def _refuse(self, code: str) -> None:
        metrics.SOCKETS_REFUSED.labels(code).inc()
        logger.warning("media socket refused: %s", code)
        await self.close()

    # The pump

    async def _pump_events(self) -> None:
        """The call's only consumer of events_q; runs until the call's record is complete."""
        if self.call is not None:
            try:
                await self.call.pump(self._handle_transcript_ready_async)
            finally:
                self.exec.shutdown(wait=False)

    async def _handle_transcript_ready_async(self, payload: str) -> None:
        """Words have come, from the stream or the one-shot recogniser: attribute them, hand on what is ready."""
        if self.call is not None:
            self.call.hear_text(payload)

    # The one-shot recogniser, in the call's own thread

    def _name_thread(self) -> None:
        """Its lines of the log are the call's. Called by the thread as it begins, at its first work."""
        if self.call is not None:
            CALL_SID.set(self.call.call_sid)

    def _hebrew_stt(self, audio_data: bytes) -> str:
        """The words of an utterance, 8 kHz PCM16. Synchronous: blocks for as long as the engine takes."""
        return self.call.recognize(audio_data) if self.call is not None else ""

    async def _stt_fallback_async(self, audio_data: bytes) -> str:
        """``_hebrew_stt`` for code that is async: runs in the call's thread, the loop goes on."""
        return str(await DatabaseSyncToAsync(self._hebrew_stt, thread_sensitive=False, executor=self.exec)(audio_data))

    def _stt_fallback_nonblocking(self, audio_data: bytes) -> None:
        """``_hebrew_stt`` for code that is not: submits to the call's thread and returns at once."""
        self.bridge.submit(audio_data, self._hebrew_stt, self._on_stt_fallback_done)

    def _on_stt_fallback_done(self, fut: Future[str]) -> None:
        """The thread has answered: back on the loop, through events_q to the pump."""
        self.bridge.answered(fut)
        self._next_over_the_bridge()

    def _process_utterance_safe(self, audio_data: bytes) -> None:
        """An utterance that only the one-shot recogniser can save. Synchronous, and does not block."""
        self.bridge.take(audio_data)
        self._next_over_the_bridge()

    def _next_over_the_bridge(self) -> None:
        audio = self.bridge.next()
        if audio is not None:
            self._stt_fallback_nonblocking(audio)
