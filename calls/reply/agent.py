"""Agent: one call's answering side, and its only part that waits.

    caller's turns ─▶ preparation (responder, voice) ─▶ gate: the floor ─▶ delivery ─▶ Twilio
                          ▲ withdrawn by speech before the first sound       └ marks ─▶ what was heard

Who may speak is decided in calls/reply/floor.py, which is pure. The agent reports to it what happens, prepares an
answer as soon as there is a question, and gives it to the delivery when the line has the floor. One task group owns
everything that it waits for. Everything runs on the call's loop; what the pump tells returns at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.acts import Acts
from calls.reply.answerer import Answerer
from calls.reply.conversation import Conversation
from calls.reply.delivery import Delivery
from calls.reply.draft import Draft
from calls.reply.floor import Floor
from calls.reply.floor_due import Holder
from calls.reply.given_answer import GivenAnswer
from calls.reply.hands import ANSWERING_BROKE, AgentCall, AgentHands
from calls.reply.interruption import Interruption
from calls.reply.orders import CALL_ENDED, NOT_ANSWERING, SupervisorOrder
from calls.reply.responder import Occasion
from calls.reply.responder_news import ResponderNews
from calls.reply.speaking import Speaking
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.supervised import Supervised
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

MAX_FAILURES = 2
"""So many answers that fail one after the other end in the line's fallback."""
FINISH_MS = 10_000
"""So long a process that must end waits for the piece that is played, and for what is done behind it."""
SILENT = "silent"
"""The responder that only transcribes: the line greets, and says nothing more."""


class Agent:
    """One media stream's."""

    def __init__(
        self,
        call: AgentCall,
        answerer: Answerer,
        hands: AgentHands,
        now_ms: Callable[[], float],
        conversation: Conversation | None = None,
    ) -> None:
        """``conversation``: of the call's earlier streams."""
        self.conversation = conversation or Conversation()
        self._call, self._answerer, self._hands, self._now_ms = call, answerer, hands, now_ms
        self._converses = answerer.responder.name != SILENT
        self._floor = Floor(answerer.tuning, now_ms())
        self._floor.expects(self.conversation.expected)
        acts = Acts(self.conversation, hands, start=self._start, hang_up=self._hang_up)
        self._delivery = Delivery(call, answerer.tuning, answerer.responder.name, hands, self.conversation, acts)
        self._draft = Draft(call, answerer, hands, self.conversation, now_ms, self._start)
        self._speaking = Speaking(call, hands, self.conversation, self._floor, self._draft, self._delivery, now_ms)
        self._news = ResponderNews(answerer.responder, hands)
        parts = (hands, self.conversation, self._floor, self._draft, self._delivery, self._speaking)
        self._interruption = Interruption(answerer.tuning, *parts, self._tell_interrupted)
        has_voice = answerer.voice.says_any_text
        self._supervised = Supervised(
            *parts, self._interruption, self._tell_interrupted, converses=self._converses, has_voice=has_voice
        )
        self.usage = self._draft.usage
        self._seen = CallerActivity()
        self._echoes: set[int] = set()
        """Turns that were passed over as our own words, by their numbers."""
        self._group: asyncio.TaskGroup | None = None
        self._finish_by_ms: float | None = None
        """When the process no longer waits for what is played."""
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Answer the call until ``stop``; then everything that it began is over."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                playing = group.create_task(self._delivery.play(self._sounded, self._now_ms), name="playback")
                if self._converses:
                    fillers = self._delivery.fillers.load(self._answerer.voice, self._hands.note)
                    group.create_task(fillers, name="fillers")
                self._speaking.open(asks=self._call.opens and self._supervised.lets_answer)
                await self._over.wait()
                playing.cancel()
        except* Exception as failed:
            # The wall: whatever fails in answering, the call is heard to its end.
            metrics.REPLY_ERRORS.inc()
            logger.error("call %s: answering failed", self._call.call_sid, exc_info=failed)
            self._hands.note(ANSWERING_BROKE, type(failed.exceptions[0]).__name__)
            self._hands.answer_ended(ANSWERING_BROKE)
        finally:
            self._group = None

    # What the pump tells

    def caller_is(self, activity: CallerActivity, now_ms: float) -> None:
        """Looked at after each event of the call."""
        before, self._seen = self._seen, activity
        self._interruption.caller_is(activity, now_ms)
        self._floor.voice = activity.run
        if activity.last_utterance != before.last_utterance:
            if not before.speaking:
                self._speech_started(now_ms)
            self._floor.speech_ended(activity.last_utterance, activity.last_spoken_ms or now_ms, now_ms)
        if activity.speaking and (not before.speaking or activity.last_utterance != before.last_utterance):
            self._speech_started(now_ms)

    def words(self, utterance: int, text: str, now_ms: float) -> None:
        """What the words of an utterance are so far."""
        if self._supervised.lets_interrupt:
            self._interruption.words(utterance, text, now_ms)

    def accepted(self, turn: Turn, now_ms: float) -> None:
        """A turn is handed on, with words or without."""
        if turn.echo:
            self._echoes.add(turn.number)
        if self._supervised.lets_interrupt and self._interruption.passes_over(turn, now_ms):
            self._floor.passed_over(turn.number)
            return
        if self._supervised.leaves(turn):
            return
        self._floor.turn_accepted(turn, now_ms)
        if turn.asks:
            self._speaking.withdraw()
            self._draft.ask_more(turn)

    def revised(self, turn: Turn, old: str, now_ms: float) -> None:
        """Late words changed a turn."""
        if turn.number in self._draft.question:
            before = self._floor.question
            self._floor.turn_revised(turn, now_ms)
            self._draft.revise(turn)
            if self._floor.question != before:
                self._speaking.withdraw()
        elif turn.asks and turn.number in self._echoes:
            self._echoes.discard(turn.number)
            self.accepted(turn, now_ms)
        elif self.conversation.revised(turn) and self._group is not None:
            self._start(self._news.revised(turn, old))

    def piece_ready(self, piece: SpokenPiece) -> None:
        """The first sound of a piece is there."""
        self._delivery.feed()

    def mark(self, name: str, now_ms: float) -> None:
        """Twilio has reached a mark."""
        self._delivery.mark(name, now_ms)

    def tick(self, now_ms: float) -> None:
        """What time has decided, and what was made ready meanwhile."""
        if self._over.is_set() or self._group is None:
            return
        if self._finish_by_ms is not None:
            self._finish(now_ms, self._finish_by_ms)
            return
        if self._supervised.lets_interrupt:
            self._interruption.tick(now_ms)
        self._supervised.tick(now_ms)
        if self._supervised.lets_answer:
            self._look_at_floor(now_ms)
        self._delivery.feed()
        self._delivery.fill_in(now_ms)
        self._delivery.do_acts(now_ms)
        answer = self._delivery.answer
        if answer is not None and self._delivery.is_over:
            self._end_answer(answer, now_ms)
        self._prepare_early(now_ms)

    def _look_at_floor(self, now_ms: float) -> None:
        draft = self._draft.answer
        if draft is not None and draft.waits and not draft.text:
            self._speaking.wait(now_ms)
        pause = self._floor.asks_turn_model(now_ms)
        if pause is not None:
            self._start(self._ask_turn_model(pause))
        # What has the floor and has not sounded yet is not asked for twice.
        due = self._floor.due(now_ms) if self._delivery.answer is None else None
        if due is not None:
            self._interruption.answer_begins(now_ms)
            self._speaking.take_floor(due, now_ms)

    async def _ask_turn_model(self, pause: int) -> None:
        probability = await self._hands.finished_probability()
        if probability is not None:
            self._floor.turn_model_said(pause, probability, self._now_ms())
        self._hands.wake()

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When ``tick`` has something to decide."""
        if self._over.is_set():
            return None
        delivery = self._delivery
        if self._finish_by_ms is not None:
            at_ms = delivery.acts.next_deadline_ms(delivery.playback)
            return self._finish_by_ms if at_ms is None else min(self._finish_by_ms, at_ms)
        deadlines = [delivery.filler_due_ms, delivery.acts.next_deadline_ms(delivery.playback)]
        deadlines.append(self._supervised.next_deadline_ms(now_ms))
        if self._supervised.lets_interrupt:
            deadlines.append(self._interruption.next_deadline_ms(now_ms))
        if self._supervised.lets_answer and delivery.answer is None:
            deadlines.append(self._floor.next_deadline_ms(now_ms))
        return min((at_ms for at_ms in deadlines if at_ms is not None), default=None)

    def supervise(self, order: SupervisorOrder, now_ms: float) -> str:
        """What a supervisor has the line do. Returns a stable code; empty when it is done, or will be."""
        if self._over.is_set() or self._finish_by_ms is not None:
            return CALL_ENDED
        return NOT_ANSWERING if self._group is None else self._supervised.obey(order, now_ms)

    def finish(self, now_ms: float) -> None:
        """The process must end: the piece that is played is heard, what follows right behind it is done, and then the
        stream ends."""
        self._finish_by_ms = now_ms + FINISH_MS
        self._floor.hang_up()
        self._delivery.finish()
        self._hands.wake()

    def stop(self, now_ms: float) -> None:
        """The caller's audio is over: nothing more is said. Idempotent."""
        if self._over.is_set():
            return
        self._over.set()  # first: whatever fails below, what it began ends
        self._floor.hang_up()
        self._delivery.cut_off(now_ms)
        self._interruption.stop(now_ms)
        self._supervised.stop()
        self._draft.give_up()

    @property
    def speaks(self) -> bool:
        """An answer is played."""
        return self._delivery.answer is not None and self._delivery.answer.has_sounded

    @property
    def quiet_by(self) -> str:
        """Who has made the line be quiet; empty while it answers."""
        return self.conversation.supervision.quiet_by

    # Preparing

    def _prepare_early(self, now_ms: float) -> None:
        """Work early, sound late: while the caller's pause lasts, the answer is made ready."""
        free = self._draft.may_begin_early and not self._delivery.acts.running and self._supervised.lets_answer
        holder = self._floor.holder(now_ms)
        if free and holder is Holder.PAUSE:
            self._draft.answer_question()
        elif free and holder is Holder.NOBODY and self.conversation.transfer_failed:
            self._interruption.answer_begins(now_ms)
            self._speaking.by_itself(Occasion.TRANSFER_FAILED)

    # Speaking

    def _speech_started(self, now_ms: float) -> None:
        self._floor.speech_started(now_ms)
        self._speaking.caller_speaks(now_ms)

    def _finish(self, now_ms: float, by_ms: float) -> None:
        delivery = self._delivery
        delivery.feed()
        delivery.do_acts(now_ms)
        if delivery.answer is not None and delivery.is_over:
            self._end_answer(delivery.answer, now_ms)
        if (delivery.playback.is_over and delivery.acts.are_done) or now_ms >= by_ms:
            self._hands.hang_up("drained")

    def _sounded(self, answer: GivenAnswer, now_ms: float) -> None:
        self._speaking.sounded(answer, now_ms)
        self._supervised.sounded(answer)

    def _end_answer(self, answer: GivenAnswer, now_ms: float) -> None:
        self._speaking.end_answer(answer, now_ms)
        self._supervised.ended(answer)
        if self.conversation.failures >= MAX_FAILURES:
            self._hang_up("answer_failed")
        elif answer.preparation.call.occasion is Occasion.GOODBYE and not answer.cut_short:
            self._hang_up("answered")

    def _tell_interrupted(self, heard: str) -> None:
        self._start(self._news.interrupted(heard))

    def _hang_up(self, reason: str) -> None:
        self._floor.hang_up()
        self._hands.hang_up(reason)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of the call's group; where that has ended, none may begin."""
        assert self._group is not None  # noqa: S101 - nothing is begun before run, or after it
        return self._group.create_task(work, name=f"answering {self._call.call_sid}")
