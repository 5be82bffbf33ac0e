"""Answering: the answering side of one live call, and its agent's hands (calls/reply/hands.py).

There from the call's birth, it says nothing until the stream has started and its line is known. Everything runs on the
call's loop; what the pump tells returns at once, and the agent's own task is awaited at the call's end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from channels.db import database_sync_to_async

from calls.core.actions import Note, Partial
from calls.core.agent_turns import FIRST_AGENT_NUMBER, AgentTurn
from calls.core.driver import CallDriver
from calls.core.messages import Start
from calls.core.numbering import NUMBERS_A_STREAM
from calls.core.status import CallStatus
from calls.core.turns import Turn
from calls.live.call_log import CallLog
from calls.live.earlier_streams import EarlierStreams
from calls.live.event_queue import EventQueue, now_ms
from calls.live.stream_record import StreamRecord
from calls.live.typed_sentences import TypedSentences
from calls.process.services import Services
from calls.reply.agent import SILENT, Agent
from calls.reply.floor import MODEL_LATE_MS
from calls.reply.hands import AgentCall
from calls.reply.items import NoteValue
from calls.reply.no_agent import NoAgent
from calls.reply.orders import SupervisorOrder
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.turn_model import HEARD_S
from calls.twilio.rest import hand_over_by_line
from calls.twilio.stream_tokens import StreamToken
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

Send = Callable[[str], Awaitable[None]]
LOOK_AGAIN_S = 0.25
"""A call that began before its line was known looks this often whether it is."""


class Answering:
    """One media stream's."""

    def __init__(
        self,
        token: StreamToken,
        services: Services,
        driver: CallDriver,
        *,
        queue: EventQueue,
        log: CallLog,
        record: StreamRecord,
        send: Send,
        end_call: Callable[[str], None],
    ) -> None:
        """``send`` takes a message for Twilio; ``end_call`` ends the stream on our side, for a reason."""
        self._token, self._services, self._driver = token, services, driver
        self._queue, self._log, self._send, self._end_call = queue, log, send, end_call
        self._settings = AnswerSettings()
        self._record = record
        self._typed = TypedSentences(token.call_sid)
        self._agent: Agent | NoAgent = NoAgent()
        self._task: asyncio.Task[None] | None = None
        self._earlier = EarlierStreams(token.call_sid, services.conversations, self.note)
        self._over = asyncio.Event()
        """The caller's audio is over."""

    def begin(self, start: Start) -> None:
        """The stream has started."""
        if self._token.notified:
            self.note("notice_said")
        at_once = self._services.lines.are_known and not self._needs_rows
        work = self._agent_of(start).run() if at_once else self._begin_late(start)
        self._task = asyncio.get_running_loop().create_task(work, name=f"agent {self._token.call_sid}")

    @property
    def _needs_rows(self) -> bool:
        """The line converses, and what was said in the call before this stream is not known here."""
        token, services = self._token, self._services
        if token.stream_index == 0 or services.conversations.known(token.call_sid) is not None:
            return False
        return services.lines.line(token.to_number).answer.responder != SILENT

    async def _begin_late(self, start: Start) -> None:
        """The call is heard meanwhile, and answered as soon as it is known how, and what was said before."""
        if not self._services.lines.are_known:
            await self._line_known()
        if self._needs_rows:
            await self._earlier.rebuild(start.stream_sid)
        if not self._over.is_set():
            await self._agent_of(start).run()

    async def _line_known(self) -> None:
        """Or the caller's audio is over."""
        self.note("settings_unknown")
        while not self._services.lines.are_known:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._over.wait()
            if self._over.is_set():
                return
        self.note("settings_late")

    def _agent_of(self, start: Start) -> Agent:
        """Who answers, told of what was said until now."""
        token, tuning = self._token, self._driver.session.tuning
        line = self._services.lines.line(token.to_number)
        self._settings = line.answer
        can_greet = self._services.answerers.can_greet(self._settings)
        is_first = token.stream_index == 0
        conversation = self._services.conversations.of_call(token.call_sid)
        for value in conversation.secrets:
            self._log.hide(value)
        call = AgentCall(
            call_sid=token.call_sid,
            stream_sid=start.stream_sid,
            from_number=start.parameters.get("from_number", ""),
            to_number=token.to_number,
            settings=self._settings,
            first_number=token.stream_index * NUMBERS_A_STREAM + FIRST_AGENT_NUMBER,
            greets=is_first and token.greets and can_greet,
            notice=line.notice.text if is_first and token.notifies and can_greet else "",
            opens=is_first or not conversation.said,
        )
        if tuning.turn_model == "smart_turn":
            self._services.turn_model.start(on_lost=metrics.TURN_MODEL_LOST.inc)
        answerer = self._services.answerers.of_line(self._settings, tuning, self._note_failed)
        before, agent = self._agent, Agent(call, answerer, self, now_ms, conversation)
        if isinstance(before, NoAgent):
            for turn in (*self._earlier.pending, *before.turns.values()):
                agent.accepted(turn, now_ms())
        self._agent = agent
        self._earlier.learn_quiet(conversation, self.supervise)
        self._queue.wake()
        return agent

    # What the pump tells

    def look(self, at_ms: float) -> float | None:
        """Something has happened on the call, or time has passed. Returns when there is something to decide next."""
        self._record.echo(self._driver.session.media_ms(at_ms), self._driver.session.audio.echo.state)
        self._agent.caller_is(self._driver.session.caller, at_ms)
        self._agent.tick(at_ms)
        return self._agent.next_deadline_ms(at_ms)

    def partial(self, partial: Partial) -> None:
        self._agent.words(partial.utterance, partial.text, now_ms())

    def accepted(self, turn: Turn) -> None:
        self._agent.caller_is(self._driver.session.caller, now_ms())
        self._agent.accepted(turn, now_ms())

    def revised(self, turn: Turn, old: str) -> None:
        self._agent.revised(turn, old, now_ms())

    def piece_ready(self, piece: SpokenPiece) -> None:
        self._agent.piece_ready(piece)

    def reach_mark(self, name: str) -> None:
        self._agent.mark(name, now_ms())

    @property
    def speaks(self) -> bool:
        """An answer is played."""
        return self._agent.speaks

    def shown(self, status: CallStatus) -> CallStatus:
        """With the supervisor who keeps the line quiet."""
        return replace(status, quiet_by=self._agent.quiet_by)

    def supervise(self, order: SupervisorOrder) -> str:
        """What a supervisor has the line do. Returns a stable code; empty when it is done, or will be."""
        return self._agent.supervise(order, now_ms())

    @property
    def usage(self) -> tuple[int, int]:
        """Tokens and characters that are charged."""
        return self._agent.usage.tokens, self._agent.usage.characters

    def finish(self) -> asyncio.Task[None] | None:
        """The process must end: what is played comes to the end of its piece, and the task that is returned with it."""
        self._agent.finish(now_ms())
        return self._task

    def stop(self) -> None:
        """The caller's audio is over."""
        self._over.set()
        self._agent.stop(now_ms())

    async def ended(self) -> None:
        """Everything that the agent began is over."""
        try:
            self.stop()
        finally:
            if self._task is not None:
                await self._task
            await self._earlier.ended()
            await self._typed.kept()

    def _note_failed(self, code: str, detail: str) -> None:
        logger.warning("call %s: %s: %s", self._token.call_sid, code, detail)
        self.note(code, detail)

    # The agent's hands

    async def send(self, message: str) -> None:
        await self._send(message)

    def ready(self, piece: SpokenPiece) -> None:
        self._queue.put(("tts_ready", piece))

    def wake(self) -> None:
        self._queue.wake()

    def media_ms(self, now_ms: float) -> int:
        return self._driver.session.media_ms(now_ms)

    def save(self, turn: AgentTurn, *, playing: bool) -> None:
        self._log.answered(turn, playing=playing)
        saying = self._services.conversations.of_call(self._token.call_sid).supervision.saying
        if saying is not None and not playing:
            self._typed.ended(saying, turn)

    def resumed(self, turn: AgentTurn, stream_sid: str) -> None:
        self._log.resumed(turn, stream_sid)

    def answered(self, number: int, total_ms: int) -> None:
        self._driver.answered(number, total_ms, now_ms())

    def answer_ended(self, code: str) -> None:
        self._log.answer_ended(code)

    def not_said(self, ask: str) -> None:
        self._typed.not_said(ask)

    def note(self, code: str, detail: str = "") -> None:
        self._log.note(Note(code, detail))

    def keep(self, note: NoteValue) -> None:
        self._log.keep(note.key, note.value, secret=note.secret)
        conversation = self._services.conversations.known(self._token.call_sid)
        if note.secret and conversation is not None:
            conversation.secrets.append(note.value)

    def played(self, at_ms: float, ulaw: bytes) -> None:
        self._record.said(self._driver.session.media_ms(now_ms()) - round(now_ms() - at_ms), ulaw)

    def plays(self, begins_ms: float, ulaw: bytes, words: str) -> None:
        levels_dbfs = self._driver.session.audio.plays(begins_ms, ulaw, words)
        self._record.plays(self.media_ms(begins_ms), ulaw, levels_dbfs)

    def cleared(self, now_ms: float) -> None:
        self._driver.session.audio.cleared(now_ms)
        self._record.cleared(self.media_ms(now_ms))

    def hang_up(self, reason: str) -> None:
        self._services.conversations.forget(self._token.call_sid)
        self._end_call(reason)

    async def transfer(self, person: str) -> str:
        number = self._settings.people.get(person, "")
        if not number:
            return "no_such_person"
        # Not on the thread that all queries share: Twilio may take eight seconds.
        hand_over = database_sync_to_async(hand_over_by_line, thread_sensitive=False)
        return str(await hand_over(self._token.call_sid, number))

    async def finished_probability(self) -> float | None:
        loop = asyncio.get_running_loop()
        said: asyncio.Future[float] = loop.create_future()

        def tell(probability: float) -> None:
            """On the model's thread; the loop may have ended."""
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(said.set_result, probability)

        self._services.turn_model.ask(self._driver.session.audio.recent(1000 * HEARD_S), tell)
        done, _ = await asyncio.wait({said}, timeout=MODEL_LATE_MS / 1000)
        return said.result() if done else None
