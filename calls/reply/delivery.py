"""Delivery: the answer that has the floor, on its way to the caller's ear.

Its pieces are sent in time, its acts are done when their words were heard, a filler bridges what is late, and its row
follows what the caller hears. What is sent and what was heard is decided in calls/reply/playback.py; who may speak is
the agent's (calls/reply/agent.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from calls.core.agent_turns import AgentTurn, MadeBy, Outcome, PlayedPart
from calls.core.messages import clear_message, mark_message, media_message
from calls.reply.acts import Acts
from calls.reply.answer_record import AnswerRecord
from calls.reply.conversation import Conversation
from calls.reply.fillers import Fillers
from calls.reply.given_answer import GivenAnswer
from calls.reply.hands import AgentCall, AgentHands
from calls.reply.lost_answer import LostAnswer
from calls.reply.playback import Playback, SendMark, SendSound
from calls.reply.preparation import Preparation
from calls.reply.responder import Occasion
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.unsaid import Rest
from stt.tuning import Tuning
from voiceapp.runtime import metrics

MIN_WAIT_MS = 1
"""A timer may be a hair early, and would be asked again at once."""


class Delivery:
    """One agent's. On the call's loop."""

    def __init__(
        self,
        call: AgentCall,
        tuning: Tuning,
        responder_name: str,
        hands: AgentHands,
        conversation: Conversation,
        acts: Acts,
    ) -> None:
        self.answer: GivenAnswer | None = None
        self.fillers = Fillers(tuning.filler_after_ms)
        self.acts = acts
        self.playback = Playback(tuning.playback_lead_ms)
        self._call, self._tuning, self._responder_name = call, tuning, responder_name
        self._hands, self._conversation = hands, conversation
        self._finishing = False
        self._cut: GivenAnswer | None = None
        """What the caller spoke over last; its sound is still the playback's."""
        self._clear_from_ms: float | None = None
        """Twilio is to drop what it holds, decided at this instant."""
        self._news = asyncio.Event()

    def begin(self, preparation: Preparation, record: AnswerRecord, before: str | None = None) -> None:
        """This one has the floor, as far as it is prepared. ``before``: it is the rest of the last answer, behind these
        words."""
        self._cut = None
        self.answer = GivenAnswer(preparation, record, before=before)
        self.playback.begin(self._conversation.answers + 1)

    def give_up(self) -> None:
        """It has not sounded, and never will: not even what was given to the playback a moment ago."""
        if self.answer is not None and self.answer.filler is not None:
            # Its filler's marks are still under way: the next answer's have other names.
            self._conversation.answers += 1
        self.answer = None
        self.acts.drop()
        self.playback.drop_unsent()

    def hush(self, now_ms: float) -> None:
        """What Twilio holds is not played."""
        if self.playback.clock.ahead_ms(now_ms):
            self._clear(now_ms)
            self._clear_from_ms = now_ms
            self._news.set()

    # Sending

    async def play(self, sounded: Callable[[GivenAnswer, float], None], now_ms: Callable[[], float]) -> None:
        """Send what is due, and wait for what comes next; until cancelled. ``sounded`` is told of an answer's first
        frame before it is sent."""
        stream_sid = self._call.stream_sid
        while True:
            # Before looking: what comes while a message is sent is looked at afterwards.
            self._news.clear()
            await self._send_clear(now_ms)
            at_ms = now_ms()
            for one in self.playback.due(at_ms):
                if self._clear_from_ms is not None:
                    break  # while the last message was sent: nothing follows it
                if isinstance(one, SendSound):
                    self._sounding(one, at_ms, sounded)
                    self._hands.plays(one.begins_ms, one.ulaw, one.piece.words)
                    await self._hands.send(media_message(stream_sid, one.ulaw))
                elif isinstance(one, SendMark):
                    await self._hands.send(mark_message(stream_sid, one.name))
                    self._hands.wake()
                else:
                    self._hands.note(one.code)
                    self._hands.wake()
            self._keep_played(self.playback.clock.take_played(at_ms))
            deadline_ms = self.playback.next_deadline_ms(now_ms())
            wait_s = None if deadline_ms is None else max(MIN_WAIT_MS, deadline_ms - now_ms()) / 1000
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _send_clear(self, now_ms: Callable[[], float]) -> None:
        if self._clear_from_ms is not None:
            decided_ms, self._clear_from_ms = self._clear_from_ms, None
            await self._hands.send(clear_message(self._call.stream_sid))
            metrics.CLEAR_AFTER.observe((now_ms() - decided_ms) / 1000)

    def finish(self) -> None:
        """The piece that is played is the last, with what is to be done right behind it."""
        self._finishing = True
        is_cut = self.playback.close_behind_piece()
        if self.answer is not None:
            self.answer.is_cut = is_cut
        self.acts.drop_unplayed(self.playback)
        self._news.set()

    def cut_short(self, code: str) -> None:
        """The piece that is played is its answer's last, for this reason: what is behind it is not said or done."""
        if self.answer is not None:
            self.answer.cut_short = code
            self.acts.drop()
            self.playback.close_behind_piece()
            self._news.set()

    def feed(self) -> None:
        """Give the playback the pieces that sound, in order, and the acts between them."""
        answer = self.answer
        if answer is None or answer.cut_short:
            return
        steps = answer.preparation.steps
        while answer.fed < len(steps):
            step = steps[answer.fed]
            if not isinstance(step, SpokenPiece):
                behind = next((one for one in reversed(steps[: answer.fed]) if isinstance(one, SpokenPiece)), None)
                if self._finishing and behind is not None and not self.playback.holds(behind):
                    break
                self.acts.add(step, behind)
            elif self._finishing:
                break
            elif step.ulaw or step.complete:
                self.playback.add(step)
            else:
                break
            answer.fed += 1
        if answer.is_fed:
            self.playback.close()
        self._news.set()

    def do_acts(self, now_ms: float) -> None:
        """Do what the caller has heard the words of; before the first sound nothing is done that could be withdrawn."""
        answer = self.answer
        if answer is not None and not answer.has_sounded:
            if not answer.is_fed or answer.preparation.text or self.acts.are_done:
                return
            self._begins(answer)
        self.acts.do_due(self.playback, now_ms)

    def mark(self, name: str, now_ms: float) -> None:
        """Twilio has reached a mark."""
        self.playback.mark(name, now_ms)
        if self.answer is not None and not self.is_over:
            # One that is over is concluded when the agent looks next, which is at once, and kept then.
            self._save(self.answer, now_ms)
        self._news.set()

    def _begins(self, answer: GivenAnswer) -> None:
        """It is said from now on: an exchange of its own, or the last one's rest."""
        if answer.before is None:
            self._conversation.begins(answer.preparation.call.occasion, answer.preparation.turns)
        else:
            self._conversation.goes_on(answer.before)

    def _sounding(self, sound: SendSound, now_ms: float, sounded: Callable[[GivenAnswer, float], None]) -> None:
        answer = self.answer
        if answer is None or answer.has_sounded or sound.piece is answer.filler:
            return
        answer.record.sounded(now_ms, self._hands.media_ms(now_ms))
        self._begins(answer)
        self._conversation.answers += 1
        self.fillers.answered()
        sounded(answer, now_ms)
        self._save(answer, now_ms)

    # A late answer

    @property
    def filler_due_ms(self) -> float | None:
        """When the wait for an answer is bridged."""
        return self.fillers.due_ms(self.answer)

    def fill_in(self, now_ms: float) -> None:
        """Say that the answer comes, when it is late."""
        due_ms = self.filler_due_ms
        if self.answer is not None and due_ms is not None and now_ms >= due_ms:
            self.answer.filler = self.fillers.take(self._conversation.answers)
            self.playback.add(self.answer.filler)
            self._news.set()

    # The end

    @property
    def is_over(self) -> bool:
        """The answer was heard to its end, or has nothing to be heard; and its acts are done."""
        answer = self.answer
        return answer is not None and answer.is_fed and self.playback.is_over and self.acts.are_done

    def conclude(self, outcome: Outcome, now_ms: float, code: str = "") -> None:
        """What became of the answer is kept, on its row and for the responder."""
        answer = self.answer
        if answer is None:
            return
        prepared = answer.preparation
        self.answer = None
        if not answer.by_supervisor:
            self._conversation.failures = self._conversation.failures + 1 if prepared.failed else 0
        answer.tell_ended(self._hands)
        if prepared.code:
            self._hands.note(prepared.code, prepared.detail)
        self._save(answer, now_ms, outcome, code)
        self._begins(answer)
        self._conversation.answered(
            prepared.call.occasion, prepared.turns, prepared.text, self.playback.heard_text, prepared.expect
        )

    # It is stopped

    def interrupt(self, answer: GivenAnswer, now_ms: float, code: str = "") -> Rest:
        """Nothing more of it is sent or done, and Twilio drops what it holds. Returns what is left of it. ``code``: why
        it was stopped; empty: the caller speaks over it."""
        prepared = answer.preparation
        self._clear(now_ms)
        rest = answer.rest(self.playback, self.acts.drop())
        self.answer, self._cut = None, answer
        self._clear_from_ms = now_ms
        self._news.set()
        self._save(answer, now_ms, Outcome.INTERRUPTED, code)
        answer.tell_ended(self._hands)
        heard = self.playback.heard_text
        self._conversation.answered(
            prepared.call.occasion, prepared.turns, prepared.text, heard, prepared.expect, interrupted=not code
        )
        return rest

    def settle(self, outcome: Outcome, now_ms: float, code: str = "") -> None:
        """It was no interruption, for this reason; told before the next answer begins. Idempotent."""
        answer, self._cut = self._cut, None
        if answer is not None:
            self._save(answer, now_ms, outcome, code)

    def cut_off(self, now_ms: float) -> None:
        """The stream ends: what Twilio holds is not heard, and what is left of the answer is the next stream's."""
        self._clear(now_ms)
        answer = self.answer
        if answer is not None and answer.has_sounded:
            rest = answer.rest(self.playback, self.acts.drop())
            self.conclude(Outcome.INTERRUPTED, now_ms)
            self._cut = answer
            self.leave_rest(rest, now_ms)
        self.acts.drop()

    def leave_rest(self, rest: Rest, now_ms: float) -> None:
        """Of the answer that was cut off last: the next stream goes on with it."""
        if self._cut is not None and rest.items:
            turn, occasion = self._turn(self._cut, now_ms, Outcome.INTERRUPTED), self._cut.preparation.call.occasion
            self._conversation.lost = LostAnswer(occasion, rest, turn, self._call.stream_sid)

    def _save(self, answer: GivenAnswer, now_ms: float, outcome: Outcome | None = None, code: str = "") -> None:
        """Its row; without an ``outcome`` it is not over."""
        if answer.has_sounded:
            self._hands.save(self._turn(answer, now_ms, outcome, code), playing=outcome is None)

    def _turn(self, answer: GivenAnswer, now_ms: float, outcome: Outcome | None = None, code: str = "") -> AgentTurn:
        """As it stands: the next revision of its row."""
        prepared = answer.preparation
        heard = PlayedPart(self.playback.heard_text, answer.heard_ms(self.playback, now_ms), outcome or Outcome.PLAYED)
        responder = Occasion.SUPERVISOR.value if answer.by_supervisor else self._responder_name
        made_by = MadeBy(responder, prepared.voice, prepared.tokens, prepared.characters)
        first_ms = prepared.steps.first_text_ms, prepared.steps.first_sound_ms
        return answer.record.turn(prepared.text, heard, made_by, *first_ms, code or prepared.code)

    def _clear(self, now_ms: float) -> None:
        self._keep_played(self.playback.clear(now_ms))
        self._hands.cleared(now_ms)

    def _keep_played(self, played: list[tuple[float, bytes]]) -> None:
        for at_ms, ulaw in played:
            self._hands.played(at_ms, ulaw)
