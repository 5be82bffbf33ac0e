"""MediaStreamConsumer: the socket of one call, its one thread, its one queue and its one pump.

This is the shell: it owns I/O, the clock and tasks, and decides nothing (calls/core/session.py does). The mission's
names live here: loop, exec, events_q, _hebrew_stt, _stt_fallback_async, _stt_fallback_nonblocking,
_on_stt_fallback_done, _pump_events, _process_utterance_safe, _handle_transcript_ready_async.

The way of a frame: dispatch → receive → media.parse → session.receive → hearing.feed. Nothing on it awaits, logs, hops
to a thread or touches the ORM or the channel layer. Results come back through events_q only, and the pump is its only
reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from channels.db import DatabaseSyncToAsync
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from calls.core import actions as act
from calls.core.messages import parse
from calls.core.numbering import NUMBERS_A_STREAM
from calls.core.recognition_health import RecognitionHealth, RecognitionStatus
from calls.core.session import CallSession, State
from calls.lines.settings_cache import lines
from calls.live.call_log import CallLog
from calls.process import admission, startup
from calls.process.change_notices import changes
from calls.process.heartbeat import pulse
from calls.process.loop_lag import loop_lag
from calls.process.recognition import recognition
from calls.process.shared_state import ENDED_BY_US, first_began_ms, running_ms, shared
from calls.storage.recording import Recorder, disk, file_name
from calls.storage.trace import RecognitionTrace
from calls.twilio import stream_tokens
from calls.twilio.signature import handshake_is_signed
from stt.audio import BYTES_PER_MS, ulaw_to_pcm
from stt.endpointing import silero
from stt.events import Final, Interim, OneShotDone, RecognizerError, RecognizerEvent, StreamClosed
from stt.streaming.transcriber import Transcriber
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

SUBPROTOCOL = "audio.twilio.com"
LONGEST_MESSAGE = 65_536
CLOSE_IMPOSSIBLE = 4400
"""Our close code for what Twilio cannot have sent; daphne takes 1000 and 3000 to 4999."""
CLOSE_CODES = {"bad_start": CLOSE_IMPOSSIBLE, "foreign_start": CLOSE_IMPOSSIBLE, "no_start": 4408, "replaced": 4409}
"""By end reason; 1000 where the end is the call's."""
END_KNOWN_S = 1.0
"""How long a socket that we close waits until other processes can know why: Twilio asks one of them at once."""
MOST_ON_THE_BRIDGE = 8
"""Utterances that wait for the call's one thread: a minute of audio at most."""

running: dict[asyncio.Task[None], MediaStreamConsumer] = {}
"""The pumps of this process: each outlives its socket until its call's record is complete."""


def hearing_states() -> list[RecognitionStatus]:
    """Of this process's calls. Any thread."""
    return [consumer.ear.state for consumer in list(running.values())]


def _has_ended(pump: asyncio.Task[None]) -> None:
    running.pop(pump, None)
    admission.calls = len(running)


class HeardText(str):
    """A text on its way through events_q, with the event that brought it and when it came."""

    __slots__ = ("came_ms", "event")
    event: RecognizerEvent
    came_ms: float

    def __new__(cls, text: str, event: RecognizerEvent) -> HeardText:
        self = super().__new__(cls, text)
        self.event, self.came_ms = event, now_ms()
        return self


class UtteranceAudio(bytes):
    """An utterance's 8 kHz PCM16, with its number."""

    utterance: int | None = None


class _Slot:
    """The newest interim, waiting for the pump."""

    __slots__ = ("came_ms", "event")

    def __init__(self, event: Interim) -> None:
        self.put(event)

    def put(self, event: Interim) -> None:
        self.event, self.came_ms = event, now_ms()


class MediaStreamConsumer(AsyncWebsocketConsumer):
    """One Twilio media stream."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = asyncio.get_running_loop()
        self.exec = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stt-fallback")
        self.events_q: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=32)
        self.running = False
        self.session: CallSession | None = None
        self.ear = RecognitionHealth(stream_hears=True)
        self.hearing: Transcriber | None = None
        self.recorder: Recorder | None = None
        self.trace: RecognitionTrace | None = None
        self.logbook: CallLog | None = None
        self._overflow: list[tuple[str, Any]] = []
        self._slot: _Slot | None = None
        self._tick_waits = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0.0
        """The instant that the timer is set for."""
        self._bridge: deque[UtteranceAudio] = deque()
        """Utterances that wait for the one thread, with their audio."""
        self._asked: dict[Future[str], int | None] = {}
        """What the thread is at: one, or none."""
        self._closing: asyncio.Task[None] | None = None
        self._announcing: asyncio.Task[None] | None = None
        self._end_reason = "lost"
        self._is_gone = False
        """The other side has closed the socket."""
        self._vad: silero.SileroVad | None = None
        self._recording = ""
        self._one_shots = self._one_shot_s = 0
        """Answered, and their seconds as billed; written by the call's one thread alone."""
        self._waived: set[str] = set()
        """Settings that it is heard without, noted already."""
        self.line = ""
        """The number that was called."""

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
        refusal = admission.refusal()
        if refusal:
            await self._refuse(refusal)
            return
        try:
            said = stream_tokens.read(token)
            await stream_tokens.spend(token)
        except stream_tokens.TokenError as error:
            await self._refuse(f"token_{error.code}")
            return
        # Again: many may have asked while tokens were spent, and the process been told to end.
        refusal = admission.refusal()
        if refusal:
            await self._refuse(refusal)
            return
        startup.start()
        loop_lag.start()
        pulse.start(running.values)
        self._begin(said, said.base_ms or await _running_ms(said.call_sid))
        # A subprotocol that was not offered would hang the handshake.
        await self.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message from Twilio. Never awaits, but to close the socket on what Twilio cannot have sent."""
        if self.session is None:
            return
        if text_data is None or len(text_data) > LONGEST_MESSAGE:
            code = "binary_frame" if text_data is None else "message_too_long"
            logger.warning("call %s: socket closed: %s", self.session.call_sid, code)
            self.session.counters[code] += 1
            await self.close(CLOSE_IMPOSSIBLE)
            return
        arrived_ms = now_ms()
        for action in self.session.receive(parse(text_data), arrived_ms):
            if isinstance(action, act.Feed):
                if self.hearing is not None:
                    self.hearing.feed(action.ulaw, action.at_ms)
                if self.recorder is not None and self.trace is not None:
                    self.recorder.push(action.at_ms, action.ulaw)
                    self.trace.frame(action, arrived_ms)
            elif isinstance(action, act.Wake):
                self._wake()
            elif isinstance(action, act.RenewStream | act.PauseStream | act.ResumeStream):
                self._tend(action)
            else:
                if isinstance(action, act.FinishStream):
                    self._end_reason = "stop"
                elif isinstance(action, act.CallBegun):
                    self._start(action.start.stream_sid, arrived_ms)
                self._put(("action", action))

    def _start(self, stream_sid: str, arrived_ms: float) -> None:
        """The stream is its call's: it is recorded and recognised from its first frame on."""
        assert self.session is not None  # noqa: S101 - it has just begun
        # Once: asked again after midnight it would be another day's.
        self._recording = recording_path(self._call_sid, stream_sid)
        path = Path(settings.VAR_DIR) / self._recording
        self.recorder = Recorder(path, disk)
        self.trace = RecognitionTrace(path.with_suffix(".trace"), disk, arrived_ms)
        tuning, engine = self.session.tuning, recognition()
        if tuning.streaming:
            self.hearing = Transcriber(
                engine.open_stream(tuning, self._on_waived), tuning, self._on_recognizer_event, engine.breaker
            )
            self.hearing.start()
        for other in list(running.values()):
            if other is not self and other._call_sid == self._call_sid:
                other.replace()
        began = shared.began(self._call_sid, stream_sid, int(time.time() * 1000))
        self._announcing = self.loop.create_task(self._announce(began), name=f"announce {self._call_sid}")

    async def _announce(self, began: Coroutine[Any, Any, list[str]]) -> None:
        """Tell the other processes: what had begun before this stream ends. Redis' order decides, and no clock."""
        older = await began
        if older:
            await changes.tell(json.dumps({"replaced": older}).encode())

    def replace(self) -> None:
        """A newer stream of the call is heard: this one ends as at a stop, and keeps what it has heard. On the loop."""
        if self.session is not None and self.session.state is State.LIVE:
            self._end_reason = "replaced"
            for action in (*self.session.stop(now_ms()), act.CloseSocket("replaced")):
                self._put(("action", action))

    def _not_received(self) -> None:
        """On the call's row what ``receive`` raised on; in the log once a call: the next frame may raise it again."""
        if self.session is not None:
            self.session.counters["receive_error"] += 1
            if self.session.counters["receive_error"] > 1:
                return
        logger.exception("call %s: a message could not be handled", self._call_sid)

    def _tend(self, action: act.RenewStream | act.PauseStream | act.ResumeStream) -> None:
        """At once, or the next frames would go to the wrong stream; nothing here waits."""
        if self.hearing is None:
            return
        if isinstance(action, act.RenewStream):
            self.hearing.renew(action.at_ms, action.frames)
        elif isinstance(action, act.PauseStream):
            self.hearing.pause(action.at_ms)
        else:
            self.hearing.resume(action.frames, action.at_ms)

    async def disconnect(self, code: int) -> None:
        """The socket is gone; the pump goes on until every utterance is a turn."""
        self._is_gone = True
        if self.session is not None:
            for action in self.session.stop(now_ms()):
                self._put(("action", action))
        else:
            self.exec.shutdown(wait=False)

    def drain(self) -> None:
        """The process must end: what was said is settled, as if the caller had hung up."""
        if self.session is not None:
            self._end_reason = "drained"
            for action in self.session.stop(now_ms()):
                self._put(("action", action))

    async def _refuse(self, code: str) -> None:
        metrics.SOCKETS_REFUSED.labels(code).inc()
        logger.warning("media socket refused: %s", code)
        await self.close()

    def _begin(self, said: stream_tokens.StreamToken, base_ms: int = 0) -> None:
        call_sid = said.call_sid
        self.line = said.to_number
        tuning = lines.tuning_for(said.to_number, call_sid)
        self.logbook = CallLog(call_sid, said.stream_index)
        engine = recognition()
        if tuning.vad_engine == "silero":
            self._vad = silero.thread.vad()
        self.session = CallSession(
            call_sid,
            tuning,
            engine=engine.engine.name,
            model=engine.model_name(tuning),
            account_sid=said.account_sid or settings.TWILIO_ACCOUNT_SID,
            longest_call_s=settings.MAX_CALL_S,
            opened_ms=now_ms(),
            base_ms=base_ms,
            first_number=said.stream_index * NUMBERS_A_STREAM + 1,
            vad=self._vad,
            requests=engine.requests,
        )
        if tuning.vad_engine == "silero" and self._vad is None:
            self.session.counters["silero_not_ready"] += 1
        self.ear = RecognitionHealth(stream_hears=tuning.streaming)
        self.running = True
        metrics.CALLS_LIVE.inc()
        pump = self.loop.create_task(self._pump_events(), name=f"pump {call_sid}")
        running[pump] = self
        admission.calls = len(running)
        pump.add_done_callback(_has_ended)
        self._arm()

    def _on_waived(self, codes: tuple[str, ...]) -> None:
        """The engine refuses some of this call's settings, and hears without them. On any thread."""
        if not self._waived.issuperset(codes):
            self.loop.call_soon_threadsafe(self._note_waived, codes)

    def _note_waived(self, codes: tuple[str, ...]) -> None:
        for code in codes:
            if code not in self._waived:
                self._waived.add(code)
                self._put(("action", act.Note(code)))

    # events_q: from recognisers and timers to the pump

    def _on_recognizer_event(self, event: RecognizerEvent) -> None:
        """From the Transcriber, on the loop. Interims share one waiting slot, so that they never fill the queue."""
        if not isinstance(event, Interim):
            # What is said after a final is of another segment: the slot before it is sealed.
            self._slot = None
            text = " ".join(word.text for word in event.words) if isinstance(event, Final) else ""
            kind = "stt_final_text" if isinstance(event, Final) else "stt_event"
            self._put((kind, HeardText(text, event)))
        elif self._slot is not None:
            self._slot.put(event)
        else:
            self._slot = _Slot(event)
            self._put(("stt_partial", self._slot))

    def _put(self, item: tuple[str, Any]) -> None:
        """To the pump, in order; what events_q refuses goes to the overflow list, which the pump reads next."""
        if not self._overflow:
            try:
                self.events_q.put_nowait(item)
                return
            except asyncio.QueueFull:
                pass
        self._overflow.append(item)
        metrics.EVENTS_OVERFLOW.inc()
        if item[0] == "stt_final_text":
            logger.warning("⚠️ events_q full; dropping final text")
            if self.session is not None:
                self.session.counters["events_q_full"] += 1

    def _on_time(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        if not self._tick_waits:
            self._tick_waits = True
            self._put(("tick", None))

    async def _next_event(self) -> tuple[str, Any]:
        if self._overflow and self.events_q.empty():
            return self._overflow.pop(0)
        return await self.events_q.get()

    async def _pump_events(self) -> None:
        """The call's only consumer of events_q; runs until the call's record is complete."""
        try:
            while self.running:
                kind, payload = await self._next_event()
                try:
                    if kind == "stt_final_text":
                        await self._handle_transcript_ready_async(payload)
                    else:
                        self._handle(kind, payload)
                except Exception:
                    # The wall: one event that cannot be handled must not silence the call.
                    metrics.PUMP_ERRORS.inc()
                    logger.exception("call %s: an event of kind %s failed", self._call_sid, kind)
                self._arm()
        finally:
            self._close_up()
            if self._end_reason == "stop" and not self._is_gone:
                # Who has said stop and stays would hold a socket for ever.
                self._closing = self.loop.create_task(self._end("stop"), name=f"close {self._call_sid}")
            tasks = [task for task in (self._closing, self._announcing) if task is not None]
            for failed in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(failed, Exception):
                    metrics.PUMP_ERRORS.inc()
                    logger.error("call %s: its end was not told to all", self._call_sid, exc_info=failed)

    def _handle(self, kind: str, payload: Any) -> None:
        if self.session is None:
            return
        if kind == "stt_partial":
            if self._slot is payload:
                self._slot = None
            self._hear(payload)
        elif kind == "stt_event":
            self._hear(payload)
        elif kind == "action":
            self._perform([payload])
        elif kind == "tick":
            self._tick_waits = False
            self._perform(self.session.tick(now_ms()))
            self._show()

    def _show(self) -> None:
        assert self.session is not None and self.logbook is not None  # noqa: S101 - only called on a call
        self.logbook.look(self.session.look(now_ms()))

    def _arm(self) -> None:
        """Set the timer for the session's next deadline. One that is set for earlier stays: it only asks once more."""
        deadline_ms = self.session.next_deadline_ms(now_ms()) if self.session is not None and self.running else None
        if self._timer is not None and (deadline_ms is None or deadline_ms < self._armed_ms):
            self._timer.cancel()
            self._timer = None
        if deadline_ms is not None and self._timer is None:
            self._armed_ms = deadline_ms
            self._timer = self.loop.call_later(max(0.0, deadline_ms - now_ms()) / 1000, self._on_time)

    # Turns

    async def _handle_transcript_ready_async(self, payload: str) -> None:
        """Words have come, from the stream or the one-shot recogniser: attribute them, hand on what is ready."""
        if self.session is None:
            return
        if not isinstance(payload, HeardText):
            payload = HeardText(payload, OneShotDone(None, tuple(payload.split())))
        self._hear(payload)

    def _hear(self, heard: HeardText | _Slot) -> None:
        assert self.session is not None  # noqa: S101 - events come on a call
        if self.trace is not None:
            self.trace.event(heard.event, now_ms())
        actions = self.session.heard(heard.event, now_ms())
        self._perform(actions)
        if any(isinstance(action, act.TurnAccepted) for action in actions):
            metrics.HANDED_ON.observe((now_ms() - heard.came_ms) / 1000)

    def _perform(self, actions: list[act.Action]) -> None:
        session, logbook = self.session, self.logbook
        assert session is not None and logbook is not None  # noqa: S101 - actions are of a call
        for action in actions:
            if self.ear.perceive(action):
                logbook.heard_by(self.ear.state)
            if isinstance(action, act.TurnAccepted):
                logbook.accepted(action.turn)
            elif isinstance(action, act.TurnRevised):
                logbook.revised(action.turn)
            elif isinstance(action, act.Partial):
                logbook.partial(action)
            elif isinstance(action, act.AskOneShot):
                audio = UtteranceAudio(ulaw_to_pcm(action.ulaw))
                audio.utterance = action.utterance
                self._process_utterance_safe(audio)
            elif isinstance(action, act.Note):
                logbook.note(action)
                self._show()
            elif isinstance(action, act.CallBegun):
                logbook.begun(action.start, session.tuning, self._recording, self.ear.state)
            elif isinstance(action, act.FinishStream):
                if self.trace is not None:
                    self.trace.stopped(now_ms())
                if self.hearing is not None:
                    self.hearing.finish()
                else:
                    self._put(("stt_event", HeardText("", StreamClosed(0))))
            elif isinstance(action, act.CloseSocket):
                self._end_reason = action.reason
                self._closing = self.loop.create_task(self._end(action.reason), name=f"close {self._call_sid}")
            elif isinstance(action, act.CallOver):
                self.running = False

    async def _end(self, reason: str) -> None:
        """Close the socket; where that ends the call, once Twilio can ask any process what follows."""
        session, logbook = self.session, self.logbook
        if reason in ENDED_BY_US and session is not None and session.start is not None and logbook is not None:
            written = asyncio.Event()
            logbook.end_chosen(reason, lambda: _set(self.loop, written))
            if not await shared.end_chosen(self._call_sid, session.start.stream_sid, reason):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_KNOWN_S):
                        await written.wait()
        await self.close(CLOSE_CODES.get(reason))

    # The one-shot recogniser, in the call's own thread

    def _hebrew_stt(self, audio_data: bytes) -> str:
        """The words of an utterance, 8 kHz PCM16. Synchronous: blocks for as long as the engine takes."""
        assert self.session is not None  # noqa: S101 - only called on a call
        final = recognition().recognize(audio_data, self.session.tuning, self._on_waived)
        return " ".join(word.text for word in final.words)

    async def _stt_fallback_async(self, audio_data: bytes) -> str:
        """``_hebrew_stt`` for code that is async: runs in the call's thread, the loop goes on."""
        return str(await DatabaseSyncToAsync(self._hebrew_stt, thread_sensitive=False, executor=self.exec)(audio_data))

    def _stt_fallback_nonblocking(self, audio_data: bytes) -> None:
        """``_hebrew_stt`` for code that is not: submits to the call's thread and returns at once."""
        future = self.exec.submit(self._stt_in_executor, audio_data)
        self._asked[future] = getattr(audio_data, "utterance", None)
        future.add_done_callback(lambda done: self.loop.call_soon_threadsafe(self._on_stt_fallback_done, done))

    def _on_stt_fallback_done(self, fut: Future[str]) -> None:
        """The thread has answered: back on the loop, through events_q to the pump."""
        utterance = self._asked.pop(fut, None)
        error = None
        try:
            text = fut.result()
        except Exception as e:  # a wall: whatever the recogniser raised, the utterance goes on without words
            metrics.FALLBACKS_FAILED.inc()
            logger.error("❌ STT fallback failed: %s", e)
            error = e if isinstance(e, RecognizerError) else RecognizerError("fallback_error")
            text = ""
        self._put(("stt_final_text", HeardText(text, OneShotDone(utterance, tuple(text.split()), error))))
        self._next_on_the_bridge()

    def _process_utterance_safe(self, audio_data: bytes) -> None:
        """An utterance that only the one-shot recogniser can save. Synchronous, and does not block.

        While the thread is at another one it waits here with its audio: a thread that hangs cannot be stopped, and what
        is submitted behind it would wait without a say.
        """
        metrics.FALLBACKS.inc()
        self._bridge.append(audio_data if isinstance(audio_data, UtteranceAudio) else UtteranceAudio(audio_data))
        if len(self._bridge) > MOST_ON_THE_BRIDGE:
            given_up = self._bridge.popleft()
            metrics.FALLBACKS_GIVEN_UP.inc()
            error = RecognizerError("fallback_busy", "too many utterances waited for the one-shot recogniser")
            self._put(("stt_final_text", HeardText("", OneShotDone(given_up.utterance, (), error))))
        self._next_on_the_bridge()

    def _next_on_the_bridge(self) -> None:
        if self._bridge and not self._asked:
            self._stt_fallback_nonblocking(self._bridge.popleft())

    def _stt_in_executor(self, audio_data: bytes) -> str:
        close_old_connections()
        logger.info(
            "🧵 [STT] fallback in executor (utterance %s, %d ms)",
            getattr(audio_data, "utterance", None),
            len(audio_data) // (2 * BYTES_PER_MS),
        )
        try:
            text = self._hebrew_stt(audio_data)
            self._one_shots += 1
            self._one_shot_s += -(-len(audio_data) // (2 * BYTES_PER_MS * 1000))
            return text
        finally:
            close_old_connections()

    # The record

    @property
    def _call_sid(self) -> str:
        return self.session.call_sid if self.session is not None else ""

    def _close_up(self) -> None:
        """The call is over: its record, its stream, its thread."""
        if self._timer is not None:
            self._timer.cancel()
        if self.hearing is not None:
            self.hearing.close()
        self._bridge.clear()
        if self.recorder is not None and self.trace is not None:
            self.recorder.flush()
            self.trace.flush()
        self.exec.shutdown(wait=False)
        metrics.CALLS_LIVE.dec()
        if self.session is None or self.logbook is None:
            return
        if self._vad is not None and self._vad.late_frames:
            self.session.counters["silero_late"] += self._vad.late_frames
        streams = self.hearing.billed if self.hearing is not None else (0, 0)
        one_shots = self._one_shots, self._one_shot_s
        self.logbook.ended(self.session, self._end_reason, streams=streams, one_shots=one_shots)


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    """From another thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(event.set)


async def _running_ms(call_sid: str) -> int:
    """How long the call has been heard by other streams; 0 for its first, or where nobody knows in time."""
    here = shared.here(call_sid)
    known = await shared.ask(call_sid) if here.first_ms is None else here
    if known is not None:
        return running_ms(known.first_ms)
    try:
        return running_ms(await stream_tokens.from_database(first_began_ms, call_sid))
    except stream_tokens.DatabaseAway:
        return 0


def _on_word(word: bytes) -> None:
    """Another process has begun a stream of a call and names the older ones. Any thread."""
    try:
        replaced = set(json.loads(word)["replaced"])
    except (ValueError, KeyError, TypeError):
        return
    for consumer in list(running.values()):
        start = consumer.session.start if consumer.session is not None else None
        if start is not None and start.stream_sid in replaced:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                consumer.loop.call_soon_threadsafe(consumer.replace)


changes.listeners.append(_on_word)


def recording_path(call_sid: str, stream_sid: str) -> str:
    """Where a stream's audio is kept, relative to VAR_DIR."""
    return f"recordings/{timezone.now():%Y%m%d}/{file_name(call_sid)}-{file_name(stream_sid)}.vrec"


def now_ms() -> float:
    """The monotonic clock that the session's ``now_ms`` means."""
    return time.monotonic() * 1000
