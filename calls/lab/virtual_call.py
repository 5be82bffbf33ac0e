"""A call in virtual time: session, Transcriber and agent are the product's, the caller and Twilio are the lab's.

They are joined as calls/live/live_call.py and calls/live/answering.py join them. No sockets, no threads, no rows. What
a measurement wants to know of the call it takes in the methods that are empty here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Protocol

from calls.core import actions as act
from calls.core.agent_turns import FIRST_AGENT_NUMBER, AgentTurn
from calls.core.driver import CallDriver, StreamHands
from calls.core.messages import Media, Start
from calls.core.session import CallSession
from calls.lab.playout import Playout
from calls.lab.server_messages import read_server_message
from calls.reply.agent import Agent
from calls.reply.answerer import Answerer
from calls.reply.conversation import Conversation
from calls.reply.floor import MODEL_LATE_MS
from calls.reply.hands import AgentCall
from calls.reply.items import NoteValue
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS, FRAME_MS
from stt.engines.base import Deliver, StreamingRecognizer
from stt.events import Interim, OneShotDone, RecognizerEvent
from stt.streaming.transcriber import Transcriber
from voiceapp.runtime.breaker import Breaker

CALL_SID, STREAM_SID = "CAsimulated", "MZsimulated"


class VirtualEngine(Protocol):
    """What recognises the call."""

    def open_stream(self, deliver: Deliver) -> StreamingRecognizer: ...

    def one_shot(self, action: act.AskOneShot) -> tuple[float, OneShotDone]:
        """After how many ms it answers, and what."""


class VirtualCall(StreamHands):
    """A session's hands, and the pump; the agent's are VirtualLine."""

    transcriber: Transcriber

    def __init__(
        self,
        session: CallSession,
        engine: VirtualEngine,
        answerer: Answerer,
        conversation: Conversation | None = None,
        *,
        opens: bool = False,
    ) -> None:
        """``opens``: the responder may begin."""
        self.loop = asyncio.get_running_loop()
        self.line = VirtualLine(self)
        self.driver = CallDriver(session, self, defer=self._put_off)
        self._engine = engine
        tuning = answerer.tuning
        super().__init__(Transcriber(engine.open_stream, tuning, self._heard, Breaker(Random(1))))  # noqa: S311
        call = AgentCall(CALL_SID, STREAM_SID, "", "", AnswerSettings(), FIRST_AGENT_NUMBER, greets=False, opens=opens)
        self.agent = Agent(call, answerer, self.line, lambda: self.now_ms, conversation)
        self._answering: asyncio.Task[None] | None = None
        self._waiting: deque[Callable[[], None]] = deque()
        self._interim: Interim | None = None
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now_ms(self) -> float:
        return self.loop.time() * 1000

    def ring(self) -> None:
        """The call and its stream begin."""
        self._answering = self.loop.create_task(self.agent.run())
        self.transcriber.start()
        self.driver.receive(Start(STREAM_SID, CALL_SID), self.now_ms)

    async def until_frame(self, index: int) -> None:
        """The call's 20 ms frame of this index is due."""
        await asyncio.sleep(index * FRAME_MS / 1000 - self.loop.time())

    def hear(self, index: int, ulaw: bytes) -> None:
        """It has come."""
        self.driver.receive(Media(None, index * FRAME_MS, ulaw), self.now_ms)

    async def hang_up(self) -> None:
        """The caller has hung up."""
        self.agent.stop(self.now_ms)
        if self._answering is not None:
            await self._answering
        self.transcriber.close()
        if self._timer is not None:
            self._timer.cancel()

    # What a measurement wants to know

    def answered(self, turn: AgentTurn) -> None:
        """A row of the line's turn was saved."""

    def noted(self, code: str) -> None:
        """A row of CallEvent was saved."""

    async def finished_probability(self) -> float | None:
        """What the model of turns says: it is absent."""
        await asyncio.sleep(MODEL_LATE_MS / 1000)
        return None

    # The pump

    def put(self, work: Callable[[], None]) -> None:
        """To be done by the pump, in order."""
        self._waiting.append(work)
        if not self._pumping:
            self._pumping = True
            self.loop.call_soon(self._pump)

    def _pump(self) -> None:
        while self._waiting:
            self._waiting.popleft()()
            self._look()
        self._pumping = False

    def _look(self) -> None:
        """As LiveCall does after each item of its queue."""
        now_ms = self.now_ms
        self.agent.caller_is(self.driver.session.caller, now_ms)
        self.agent.tick(now_ms)
        deadlines = (self.driver.session.next_deadline_ms(now_ms), self.agent.next_deadline_ms(now_ms))
        next_ms = min((at_ms for at_ms in deadlines if at_ms is not None), default=None)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if next_ms is not None:
            self._timer = self.loop.call_at(max(self.loop.time(), next_ms / 1000 + 1e-6), self.put, self.tick)

    def tick(self) -> None:
        self.driver.tick(self.now_ms)

    def _heard(self, event: RecognizerEvent) -> None:
        """Interims share one waiting slot."""
        if not isinstance(event, Interim):
            self._interim = None
            self.put(lambda: self._take(event))
            return
        waits, self._interim = self._interim is not None, event
        if not waits:
            self.put(self._take_interim)

    def _take_interim(self) -> None:
        event, self._interim = self._interim, None
        if event is not None:
            self._take(event)

    def _take(self, event: RecognizerEvent) -> None:
        self.driver.heard(event, self.now_ms)

    def _put_off(self, action: act.Action) -> None:
        self.put(lambda: self.driver.perform(action, self.now_ms))

    # The session's hands

    def feed(self, action: act.Feed) -> None:
        self.transcriber.feed(action.ulaw, action.at_ms)

    def wake(self, action: act.Wake) -> None:
        self.put(self.tick)

    def ask_one_shot(self, action: act.AskOneShot) -> None:
        after_ms, done = self._engine.one_shot(action)
        self.loop.call_later(after_ms / 1000, self._heard, done)

    def show_partial(self, action: act.Partial) -> None:
        self.agent.words(action.utterance, action.text, self.now_ms)

    def accept(self, action: act.TurnAccepted) -> None:
        self.agent.caller_is(self.driver.session.caller, self.now_ms)
        self.agent.accepted(action.turn, self.now_ms)

    def revise(self, action: act.TurnRevised) -> None:
        self.agent.revised(action.turn, action.old, self.now_ms)

    def reach_mark(self, action: act.MarkReached) -> None:
        self.agent.mark(action.name, self.now_ms)


class VirtualLine:
    """An agent's hands (calls/reply/hands.py): Twilio plays what it is sent and gives the marks back."""

    def __init__(self, call: VirtualCall) -> None:
        self.playout = Playout()
        """Of the call: what was really played."""
        self._call = call

    async def send(self, message: str) -> None:
        said, _ = read_server_message(message, STREAM_SID)
        if said is not None:
            self.playout.receive(said, self._samples)
        self._give_marks_back()

    @property
    def _samples(self) -> int:
        return round(self._call.now_ms * BYTES_PER_MS)

    def _give_marks_back(self) -> None:
        call, playout = self._call, self.playout
        playout.advance(self._samples)
        for name in playout.due_marks(self._samples):
            call.put(partial(call.reach_mark, act.MarkReached(name)))
        if playout.next_samples is not None:
            call.loop.call_at(playout.next_samples / BYTES_PER_MS / 1000 + 1e-4, self._give_marks_back)

    def plays(self, begins_ms: float, ulaw: bytes, words: str) -> None:
        self._call.driver.session.audio.plays(begins_ms, ulaw, words)

    def cleared(self, now_ms: float) -> None:
        self._call.driver.session.audio.cleared(now_ms)

    def ready(self, piece: SpokenPiece) -> None:
        self._call.put(lambda: self._call.agent.piece_ready(piece))

    def wake(self) -> None:
        self._call.put(self._call.tick)

    def media_ms(self, now_ms: float) -> int:
        return self._call.driver.session.media_ms(now_ms)

    def save(self, turn: AgentTurn, *, playing: bool) -> None:
        self._call.answered(turn)

    def resumed(self, turn: AgentTurn, stream_sid: str) -> None: ...

    def answered(self, number: int, total_ms: int) -> None: ...

    def answer_ended(self, code: str) -> None: ...

    def not_said(self, ask: str) -> None: ...

    def note(self, code: str, detail: str = "") -> None:
        self._call.noted(code)

    def keep(self, note: NoteValue) -> None: ...

    def played(self, at_ms: float, ulaw: bytes) -> None: ...

    def hang_up(self, reason: str) -> None: ...

    async def transfer(self, person: str) -> str:
        return "act_failed"

    async def finished_probability(self) -> float | None:
        return await self._call.finished_probability()
