"""LiveCall: one call while it runs, complete from the token that let it in to its record's last line.

It gives the session's driver its hands (calls/core/driver.py), pumps the call's one queue, and ends what it began. It
decides nothing: which words are whose, and when, is the session's. On one loop; only the pump and the end await.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from calls.core import actions as act
from calls.core.driver import CallDriver, StreamHands
from calls.core.messages import parse
from calls.core.recognition_health import RecognitionHealth, RecognitionStatus
from calls.core.session import State
from calls.core.status import CallStatus
from calls.live.answering import Answering
from calls.live.call_end import CallEnd
from calls.live.call_log import CallLog
from calls.live.deadline_timer import DeadlineTimer
from calls.live.event_queue import ActionDue, EventDue, EventQueue, HeardText, InterimDue, InterimSlot, Item, now_ms
from calls.live.fallback_bridge import AnsweredBy, FallbackBridge, UtteranceAudio
from calls.live.new_session import new_session
from calls.live.stream_record import StreamRecord
from calls.live.unwritten_note import UnwrittenNote
from calls.live.waived_settings import WaivedSettings
from calls.live.wall import Wall
from calls.process.services import Services
from calls.reply.orders import SupervisorOrder
from calls.twilio.stream_tokens import StreamToken
from stt.streaming.no_stream import NoStream
from stt.streaming.transcriber import Transcriber
from voiceapp.runtime import metrics


class LiveCall(StreamHands):
    """One media stream's call."""

    transcriber: Transcriber | NoStream

    def __init__(
        self,
        token: StreamToken,
        base_ms: int,
        services: Services,
        *,
        queue: EventQueue,
        bridge: FallbackBridge,
        ask: Callable[[bytes], None],
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int | None], Awaitable[None]],
    ) -> None:
        """``base_ms``: media time at which it goes on, of a call's second stream. ``ask`` has an utterance recognised
        in one shot; ``send`` takes a message for Twilio; ``close`` closes the socket with a code."""
        super().__init__(NoStream(queue.put_event))
        self.loop = asyncio.get_running_loop()
        self.call_sid, self.line, self.running = token.call_sid, token.to_number, True
        self._services, self._queue, self._bridge, self._ask = services, queue, bridge, ask
        self._line = services.recognition.line(services.lines.tuning_for(token.to_number, token.call_sid))
        tuning = self._line.first_tuning
        self._vad = services.voice_detector.vad() if tuning.vad_engine == "silero" else None
        self.session = new_session(token, base_ms, tuning, services, self._vad, self._line)
        self._driver = CallDriver(self.session, self, defer=self._put_off)
        self._health = RecognitionHealth(stream_hears=tuning.streaming)
        keeps = services.lines.line(token.to_number).keeps
        self._log = CallLog(token.call_sid, token.stream_index, services, keeps)
        self._record = StreamRecord(services.disk, keeps, UnwrittenNote(self.loop, self._log.note))
        self._end = CallEnd(self.call_sid, self._log, services, close)
        self._answering = Answering(
            token, services, self._driver, queue=queue, log=self._log, record=self._record, send=send,
            end_call=self._end_by_us,
        )  # fmt: skip
        self._timer = DeadlineTimer(self.loop, queue.wake)
        self._wall = Wall(token.call_sid)
        self._waived = WaivedSettings(self.loop, lambda code: queue.put(ActionDue(act.Note(code))))
        metrics.CALLS_LIVE.inc()

    # What the process asks (calls/process/registry.py)

    @property
    def stream_sid(self) -> str:
        return self.session.start.stream_sid if self.session.start is not None else ""

    @property
    def recognition_status(self) -> RecognitionStatus:
        return self._health.state

    def status(self, now_ms: float) -> CallStatus:
        return self._answering.shown(self.session.look(now_ms))

    def supervise(self, order: SupervisorOrder) -> str | None:
        """As ``Answering.supervise``; None where the stream is over, and another one may be the call's."""
        return self._answering.supervise(order) if self.session.state is State.LIVE else None

    def listen_in(self) -> None:
        """As ``StreamRecord.listen_in``."""
        self._record.listen_in()

    def replace(self) -> None:
        """A newer stream of the call is heard: this one ends as at a stop, and keeps what it has heard."""
        if self.session.state is State.LIVE:
            self._end_by_us("replaced")

    def drain(self) -> asyncio.Task[None] | None:
        """The process must end: first what is played is heard, then what was said is settled, as at a hang-up.
        Returns what speaks until its sentence is heard."""
        if self._answering.speaks:
            return self._answering.finish()
        self._end_by_us("drained")
        return None

    def _end_by_us(self, reason: str) -> None:
        """What was said is settled, and the socket closed at once. The first reason counts."""
        if self.session.state in (State.WAITING, State.LIVE):
            self._end.reason = reason
            try:
                self._driver.stop(now_ms())
            finally:
                self._queue.put(ActionDue(act.CloseSocket(reason)))

    # The line

    def receive(self, text: str) -> None:
        """One message from Twilio. The media path: never waits."""
        self._driver.receive(parse(text), now_ms())

    def lost(self) -> None:
        """The socket is gone; the pump goes on until every utterance is a turn."""
        self._end.socket_is_gone = True
        self._driver.stop(now_ms())

    def _put_off(self, action: act.Action) -> None:
        """What a message brought: the first frame needs where it goes, the rest is the pump's."""
        if isinstance(action, act.CallBegun):
            self._open(action.start.stream_sid)
        elif isinstance(action, act.FinishStream):
            self._end.stopped()
        self._queue.put(ActionDue(action))

    def _open(self, stream_sid: str) -> None:
        """The stream is its call's: it is recorded and recognised from its first frame on."""
        services, tuning = self._services, self.session.tuning
        self._record.begin(self.call_sid, stream_sid, self._driver.now_ms)
        if tuning.streaming:
            self.transcriber = Transcriber(self._line.ladder(self._waived.add), tuning, self._queue.put_event)
            self.transcriber.start()
        services.calls.replace_older(self)
        self._end.announce(services.shared.began(self.call_sid, stream_sid, int(time.time() * 1000), self.line))

    # The pump

    async def pump(self, handle_text: Callable[[str], Awaitable[None]]) -> None:
        """The only reader of the call's queue; runs until the call's record is complete. ``handle_text`` gets the
        payload of each ``stt_final_text``."""
        try:
            self._arm()
            while self.running:
                item = await self._queue.next()
                kind = item[0] if isinstance(item, tuple) else item.kind
                with self._wall.behind(f"an event of kind {kind}"):
                    if not isinstance(item, tuple):
                        self._handle(item)
                    elif item[0] == "stt_final_text":
                        await handle_text(item[1])
                    else:
                        self._answering.piece_ready(item[1])
                self._arm()
        finally:
            await self._close_up()

    def hear_text(self, payload: str) -> None:
        """Words have come, from the stream or the one-shot recogniser: attribute them, hand on what is ready."""
        self._hear(HeardText.of(payload))

    def _handle(self, item: Item) -> None:
        if isinstance(item, InterimDue):
            self._hear(item.slot)
        elif isinstance(item, EventDue):
            self._hear(item)
        elif isinstance(item, ActionDue):
            self._driver.perform(item.action, now_ms())
        else:
            self._driver.tick(now_ms())
            self._log.look(self.status(now_ms()))

    def _hear(self, heard: HeardText | InterimSlot | EventDue) -> None:
        with self._wall.behind("its trace"):
            self._record.event(heard.event, now_ms())
        performed = self._driver.heard(heard.event, now_ms())
        if any(isinstance(action, act.TurnAccepted) for action in performed):
            metrics.HANDED_ON.observe((now_ms() - heard.came_ms) / 1000)

    def _arm(self) -> None:
        asked_ms = now_ms()
        dues_ms = (
            self._wall.due_ms("its answering", self._answering.look, asked_ms),
            self._wall.due_ms("its session's next deadline", self.session.next_deadline_ms, asked_ms),
        )
        next_ms = min((at_ms for at_ms in dues_ms if at_ms is not None), default=None)
        self._timer.arm(next_ms if self.running else None, asked_ms)

    # The session's hands

    def feed(self, action: act.Feed) -> None:
        self.transcriber.feed(action.ulaw, action.at_ms)
        self._record.frame(action, self._driver.now_ms)

    def wake(self, action: act.Wake) -> None:
        self._queue.wake()

    def begin(self, action: act.CallBegun) -> None:
        self._log.begun(action.start, self.session.tuning, self._record.path, self._health.state)
        self._answering.begin(action.start)

    def ask_one_shot(self, action: act.AskOneShot) -> None:
        self._ask(UtteranceAudio.to_ask(action))

    def show_partial(self, action: act.Partial) -> None:
        self._perceive(action)
        self._log.partial(action)
        self._answering.partial(action)

    def accept(self, action: act.TurnAccepted) -> None:
        self._log.accepted(action.turn)
        self._perceive(action)
        self._answering.accepted(action.turn)

    def revise(self, action: act.TurnRevised) -> None:
        self._log.revised(action.turn)
        self._answering.revised(action.turn, action.old)

    def save_answered(self, action: act.TurnAnswered) -> None:
        self._log.revised(action.turn)

    def reach_mark(self, action: act.MarkReached) -> None:
        self._answering.reach_mark(action.name)

    def note(self, action: act.Note) -> None:
        self._perceive(action)
        self._log.note(action)
        self._log.look(self.status(now_ms()))

    def finish(self, action: act.FinishStream) -> None:
        self.transcriber.finish()
        self._record.stopped(now_ms())
        self._answering.stop()

    def close_socket(self, action: act.CloseSocket) -> None:
        self._end.close_socket(action.reason, self.stream_sid)

    def end(self, action: act.CallOver) -> None:
        self.running = False

    def _perceive(self, action: act.Action) -> None:
        if self._health.perceive(action):
            self._log.heard_by(self._health.state)

    # The one-shot recogniser, in the call's own thread

    def recognize(self, pcm: bytes) -> str:
        """The words of an utterance, 8 kHz PCM16. Blocks for as long as the engine takes. Raises RecognizerError."""
        return AnsweredBy.of(self._line.recognize(pcm, self._waived.add))

    # The end

    async def _close_up(self) -> None:
        """The call is over: what answered, its stream, its files, its record, its socket; each whatever another one
        comes to."""
        self._timer.cancel()
        with self._wall.behind("the end of its answering"):
            await self._answering.ended()
        with self._wall.behind("the end of its stream"):
            self.transcriber.close()
        self._bridge.clear()
        with self._wall.behind("the end of its recording"):
            self._record.finish()
        metrics.CALLS_LIVE.dec()
        with self._wall.behind("its record's end"):
            self._write_end()
        with self._wall.behind("the end of its socket"):
            await self._end.told_to_all()
            await self._record.sound_sent()

    def _write_end(self) -> None:
        counters = self.session.counters
        if self._queue.finals_refused:
            counters["events_q_full"] += self._queue.finals_refused
        if self._vad is not None and self._vad.late_frames:
            counters["silero_late"] += self._vad.late_frames
        if self.transcriber.dropped_ms:
            counters["audio_dropped_ms"] += self.transcriber.dropped_ms
        streams, one_shots = self.transcriber.billed, self._bridge.billed
        reason, answers = self._end.reason, self._answering.usage
        self._log.ended(self.session, reason, streams=streams, one_shots=one_shots, answers=answers)
