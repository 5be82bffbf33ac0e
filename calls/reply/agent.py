"""Agent: one call's answering side, and its only part that waits.

    caller's turns ─▶ preparation (responder, voice) ─▶ gate: the floor ─▶ playback ─▶ Twilio
                          ▲ withdrawn by speech before the first sound        └ marks ─▶ what was heard

Who may speak is decided in calls/reply/floor.py, what is sent and what was heard in calls/reply/playback.py; both are
pure. The agent joins them: it prepares an answer as soon as there is a question, lets it sound when the line has the
floor, does its acts when their words were heard, and keeps what became of it. One task group owns everything that it
waits for. Everything runs on the call's loop; what the pump tells it (``caller_is``, ``accepted``, ``mark``, …) returns
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from calls.core.agent_turns import MadeBy, Outcome, PlayedPart
from calls.core.messages import mark_message, media_message
from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.acts import Acts
from calls.reply.answer_record import AnswerRecord
from calls.reply.conversation import Conversation, unheard_clause
from calls.reply.floor import AskAgain, Due, Floor, FloorTaken
from calls.reply.hands import AgentHands
from calls.reply.limits import over_limit
from calls.reply.playback import Playback, SendMark, SendSound
from calls.reply.preparation import Answerer, Preparation
from calls.reply.responder import Occasion, ReplyCall
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.usage import Usage
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

MAX_PREPARATIONS = 3
"""Of one question before the line has the floor; then the next one waits for it."""
ANSWERS_A_FILLER = 3
"""At most one filler in so many answers."""
MAX_FAILURES = 2
"""So many answers that fail one after the other end in the line's fallback."""
SILENT = "silent"
"""The responder that only transcribes: the line greets, and says nothing more."""
GREETED = Occasion.OPENING.value
"""The rule of an answer that nobody asked for."""


@dataclass(frozen=True, slots=True)
class AgentCall:
    """What an agent knows of its call from the start."""

    call_sid: str
    stream_sid: str
    from_number: str
    to_number: str
    settings: AnswerSettings
    first_number: int
    """Of its turns, within the stream's block (calls/core/agent_turns.py)."""
    opens: bool = True
    """The call's first stream: it greets, and the responder may open."""


@dataclass(slots=True)
class _Answer:
    """What has the floor, or plays."""

    preparation: Preparation
    record: AnswerRecord
    fed: int = 0
    """Steps of the preparation that were given to the playback or to the acts."""
    filler: SpokenPiece | None = None


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
        self.conversation = conversation or Conversation()
        self._call, self._answerer, self._hands, self._now_ms = call, answerer, hands, now_ms
        self._floor = Floor(answerer.tuning, now_ms())
        self._playback = Playback(answerer.tuning.playback_lead_ms)
        self._acts = Acts(self.conversation, hands, self._start)
        self._began_ms = now_ms()
        self._seen = CallerActivity()
        self._question: dict[int, Turn] = {}
        """The caller's turns that no answer has sounded for."""
        self._prepared: Preparation | None = None
        """The answer that is being made ready, or is."""
        self._preparing: asyncio.Task[None] | None = None
        self._preparations = self._withdrawals = 0
        """Of the question so far."""
        self._answer: _Answer | None = None
        self._fillers: list[SpokenPiece] = []
        self._answers_since_filler = ANSWERS_A_FILLER
        self._sound = asyncio.Event()
        self._over = False
        self.usage = Usage()
        self._answers_anything = answerer.responder.name != SILENT

    # Its tasks

    async def run(self) -> None:
        """Answer the call until ``stop``; then everything that it began is over."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._open(), name="opening")
                await self._play()
                if self._preparing is not None:
                    self._preparing.cancel()
        except* Exception as failed:
            # The wall: whatever failed in answering, the call is heard to its end.
            metrics.REPLY_ERRORS.inc()
            logger.error("call %s: answering failed", self._call.call_sid, exc_info=failed)

    async def _open(self) -> None:
        """The greeting, the responder's first words, or what a lost stream left unsaid."""
        if not self._call.opens and not self.conversation.unheard:
            return
        greeting = self._call.settings.greeting if self._call.opens else self.conversation.unheard
        self.conversation.unheard = ""
        self._speak_by_itself(Occasion.OPENING, greeting=greeting)

    async def _play(self) -> None:
        """Send what is due, and wait for what comes next."""
        while not self._over:
            now_ms = self._now_ms()
            for one in self._playback.due(now_ms):
                if isinstance(one, SendSound):
                    self._sounding(one, now_ms)
                    await self._hands.send(media_message(self._call.stream_sid, one.ulaw))
                elif isinstance(one, SendMark):
                    await self._hands.send(mark_message(self._call.stream_sid, one.name))
                else:
                    self._hands.note(one.code)
            self._keep_played(self._playback.clock.take_played(now_ms))
            deadline_ms = self._playback.next_deadline_ms(self._now_ms())
            self._sound.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if deadline_ms is None else max(0, deadline_ms - self._now_ms()) / 1000):
                    await self._sound.wait()

    # What the pump tells

    def caller_is(self, activity: CallerActivity, now_ms: float) -> None:
        """Looked at after each event of the call."""
        if activity == self._seen:
            return
        before, self._seen = self._seen, activity
        if activity.last_utterance != before.last_utterance:
            if not before.speaking:
                self._speech_started(now_ms)
            self._floor.speech_ended(activity.last_utterance, activity.last_spoken_ms or now_ms, now_ms)
        if activity.speaking:
            self._speech_started(now_ms)

    def accepted(self, turn: Turn, now_ms: float) -> None:
        """A turn is handed on, with words or without."""
        self._floor.turn_accepted(turn, now_ms)
        if turn.heard_text.strip():
            self._question[turn.number] = turn
            self._withdraw()

    def revised(self, turn: Turn, old: str, now_ms: float) -> None:
        """Late words changed a turn."""
        if turn.number in self._question:
            before = self._floor.question
            self._floor.turn_revised(turn, now_ms)
            self._question[turn.number] = turn
            if self._floor.question != before:
                self._withdraw()
        elif self.conversation.revised(turn):
            self._group.create_task(self._answerer.responder.revised(turn, old, turn.heard_text), name="revised")

    def piece_ready(self, piece: SpokenPiece, now_ms: float) -> None:
        """The first sound of a piece is there."""
        self._feed(now_ms)

    def mark(self, name: str, now_ms: float) -> None:
        """Twilio has reached a mark."""
        self._playback.mark(name, now_ms)
        self._save_answer(now_ms)
        self._sound.set()

    def tick(self, now_ms: float) -> None:
        """What time has decided, and what was prepared meanwhile."""
        if self._over:
            return
        if self._prepared is not None and self._prepared.waits:
            self._wait(now_ms)
        due = self._floor.due(now_ms) if self._answers_anything else None
        if due is not None:
            self._take_floor(due, now_ms)
        self._feed(now_ms)
        self._fill_in(now_ms)
        self._acts.do_due(self._playback, now_ms)
        self._end_answer(now_ms)
        self._prepare_early()

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When ``tick`` has something to decide."""
        if self._over:
            return None
        deadlines = [self._acts.next_deadline_ms(self._playback), self._filler_due_ms]
        if self._answers_anything:
            deadlines.append(self._floor.next_deadline_ms(now_ms))
        return min((at_ms for at_ms in deadlines if at_ms is not None), default=None)

    def stop(self, now_ms: float) -> None:
        """The caller's audio is over: nothing more is said. Idempotent."""
        if self._over:
            return
        self._over = True
        self._floor.hang_up()
        self._cut_off(now_ms)
        self._withdraw()
        self._sound.set()

    @property
    def speaks(self) -> bool:
        """An answer is under way."""
        return self._answer is not None

    # Preparing

    def _prepare_early(self) -> None:
        """Work early, sound late: while the caller's pause lasts, the answer is made ready."""
        free = self._prepared is None and self._answer is None and not self._acts.running and not self._seen.speaking
        if free and self._question and self._answers_anything and self._preparations < MAX_PREPARATIONS:
            self._prepare(Occasion.TURNS)

    def _prepare(self, occasion: Occasion, reprompt: int = 0, greeting: str = "") -> Preparation:
        call = self._call
        asked = ReplyCall(
            call.call_sid, call.from_number, call.to_number, occasion, reprompt, tuple(call.settings.people)
        )
        turns = [self._question[number] for number in sorted(self._question)] if occasion is Occasion.TURNS else []
        self._prepared = prepared = Preparation(
            self._answerer,
            asked,
            turns,
            self.conversation.said,
            greeting=greeting,
            deliver=self._hands.ready,
            wake=self._woken,
            now_ms=self._now_ms,
        )
        self._preparations += 1
        code = over_limit(
            call.settings.limits,
            answers=self.conversation.answers,
            answered_ms=self._now_ms() - self._began_ms,
            cost=self.usage.cost,
        )
        work = prepared.run() if not code else prepared.only_apologise(code)
        self._preparing = self._group.create_task(work, name=f"answer {call.call_sid}")
        return prepared

    def _withdraw(self) -> None:
        """What has not sounded is given up, silently."""
        answer = self._answer
        if self._prepared is None or (answer is not None and answer.record.first_sent_ms is not None):
            return
        if self._preparing is not None:
            self._preparing.cancel()
        if self._prepared.call.occasion is Occasion.TURNS:
            self._withdrawals += 1
            metrics.ANSWERS_WITHDRAWN.inc()
        self._prepared = self._preparing = self._answer = None

    def _woken(self) -> None:
        self._sound.set()
        self._hands.wake()

    # Speaking

    def _speech_started(self, now_ms: float) -> None:
        self._floor.speech_started(now_ms)
        self._withdraw()

    def _take_floor(self, due: Due, now_ms: float) -> None:
        """The line may speak."""
        if isinstance(due, FloorTaken):
            prepared = self._prepared or self._prepare(Occasion.TURNS)
            record = self._record(due.rule.value, due.floor_ms, now_ms, answers=max(due.turns))
            self._answer = _Answer(prepared, record)
            if due.code:
                self._hands.note(due.code)
            self._begin_playback()
        elif isinstance(due, AskAgain):
            self._speak_by_itself(Occasion.SILENCE, reprompt=due.number)
        else:
            self._speak_by_itself(Occasion.GOODBYE)

    def _speak_by_itself(self, occasion: Occasion, reprompt: int = 0, greeting: str = "") -> None:
        """Nobody has asked: the floor is free."""
        now_ms = self._now_ms()
        prepared = self._prepare(occasion, reprompt, greeting)
        rule = GREETED if occasion is Occasion.OPENING else Occasion.SILENCE.value
        self._answer = _Answer(prepared, self._record(rule, None, now_ms))
        self._begin_playback()

    def _record(self, rule: str, floor_ms: int | None, now_ms: float, answers: int | None = None) -> AnswerRecord:
        number = self._call.first_number + self.conversation.answers
        return AnswerRecord(number, rule, floor_ms, now_ms, answers, withdrawals=self._withdrawals)

    def _begin_playback(self) -> None:
        self._playback.begin(self.conversation.answers + 1)

    def _feed(self, now_ms: float) -> None:
        """Give the playback the pieces that sound, in order, and the acts between them."""
        answer = self._answer
        if answer is None:
            return
        steps = answer.preparation.steps
        while answer.fed < len(steps):
            step = steps[answer.fed]
            if isinstance(step, SpokenPiece):
                if not step.ulaw and not step.complete:
                    break
                self._playback.add(step)
            else:
                before = [one for one in steps[: answer.fed] if isinstance(one, SpokenPiece)]
                self._acts.add(step, before[-1] if before else None)
            answer.fed += 1
        if answer.preparation.done and answer.fed == len(steps):
            self._playback.close()
        if answer.record.first_sent_ms is not None:
            self._floor.expects(answer.preparation.expect)
        self._sound.set()

    @property
    def _filler_due_ms(self) -> float | None:
        """When the wait for an answer is bridged."""
        answer, after_ms = self._answer, self._answerer.tuning.filler_after_ms
        if answer is None or not after_ms or not self._fillers or self._answers_since_filler < ANSWERS_A_FILLER:
            return None
        waits = answer.preparation.first_sound_ms is None and answer.record.answers is not None
        return answer.record.taken_ms + after_ms if waits and answer.filler is None else None

    def _fill_in(self, now_ms: float) -> None:
        """A late answer: say that it comes."""
        due_ms = self._filler_due_ms
        if self._answer is None or due_ms is None or now_ms < due_ms:
            return
        filler = self._fillers[self.conversation.answers % len(self._fillers)]
        self._answer.filler = SpokenPiece(filler.text)
        self._answer.filler.append(filler.ulaw)
        self._answer.filler.finish()
        self._answers_since_filler = 0
        self._playback.add(self._answer.filler)
        self._sound.set()

    def _sounding(self, sound: SendSound, now_ms: float) -> None:
        """A frame is sent; the first one of an answer, other than a filler's, answers the question."""
        answer = self._answer
        if answer is None or answer.record.first_sent_ms is not None or sound.piece is answer.filler:
            return
        record, prepared = answer.record, answer.preparation
        record.sounded(now_ms, self._hands.media_ms(now_ms))
        self._floor.sounded(now_ms)
        self.conversation.begins()
        self._answers_since_filler += 1
        for turn in prepared.turns:
            self._question.pop(turn.number, None)
        self._preparations = self._withdrawals = 0
        if record.answers is not None and record.total_ms is not None:
            self._hands.answered(record.answers, record.total_ms)
        self._save_answer(now_ms)

    def _wait(self, now_ms: float) -> None:
        """The responder says that the caller has not finished."""
        self._floor.waits(now_ms)
        self._prepared = self._preparing = self._answer = None
        self._preparations = MAX_PREPARATIONS

    # The end of an answer

    def _end_answer(self, now_ms: float) -> None:
        """It was heard to its end, or has nothing to be heard; and its acts are done."""
        answer = self._answer
        if answer is None or not answer.preparation.done or answer.fed < len(answer.preparation.steps):
            return
        silent = answer.record.first_sent_ms is None and not answer.preparation.text
        if not (silent or self._playback.is_over) or not self._acts.are_done:
            return
        self._conclude(answer, Outcome.FAILED if answer.preparation.code else Outcome.PLAYED, now_ms)
        if silent:
            self._floor.nothing_said(now_ms)
            for turn in answer.preparation.turns:
                self._question.pop(turn.number, None)
        else:
            self._floor.played_out(now_ms)
        if self.conversation.failures >= MAX_FAILURES:
            self._hands.hang_up("answer_failed")
        elif answer.preparation.call.occasion is Occasion.GOODBYE:
            self._hands.hang_up("answered")

    def _cut_off(self, now_ms: float) -> None:
        """The call ends in mid-answer."""
        answer = self._answer
        self._keep_played(self._playback.clear(now_ms))
        self._acts.drop()
        if answer is not None and answer.record.first_sent_ms is not None:
            text, heard = answer.preparation.text, self._playback.heard_text
            self.conversation.unheard = unheard_clause(text, heard)
            self._conclude(answer, Outcome.INTERRUPTED, now_ms)

    def _conclude(self, answer: _Answer, outcome: Outcome, now_ms: float) -> None:
        """What became of it is kept, on the row and for the responder."""
        prepared = answer.preparation
        self.conversation.failures = self.conversation.failures + 1 if prepared.code else 0
        if prepared.code:
            self._hands.note(prepared.code)
        self.usage.add(prepared)
        if answer.record.first_sent_ms is not None:
            self._save_answer(now_ms, outcome)
        heard = self._playback.heard_text
        self.conversation.answered(prepared.call.occasion, prepared.turns, prepared.text, heard, prepared.expect)
        self._answer = self._prepared = self._preparing = None

    def _save_answer(self, now_ms: float, outcome: Outcome = Outcome.PLAYED) -> None:
        answer = self._answer
        if answer is None or answer.record.first_sent_ms is None:
            return
        prepared, playback = answer.preparation, self._playback
        heard = PlayedPart(playback.heard_text, playback.heard_ms(now_ms), outcome)
        made_by = MadeBy(self._answerer.responder.name, prepared.voice, prepared.tokens, prepared.characters)
        self._hands.save(
            answer.record.turn(prepared.text, heard, made_by, prepared.first_sound_ms, prepared.code)
        )

    def _keep_played(self, played: list[tuple[float, bytes]]) -> None:
        for at_ms, ulaw in played:
            self._hands.played(at_ms, ulaw)

    def _start(self, work: Coroutine[Any, Any, None]) -> object:
        return self._group.create_task(work)
