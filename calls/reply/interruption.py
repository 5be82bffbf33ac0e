"""Interruption: what becomes of an answer that the caller speaks over. One agent's, on the call's loop; nothing waits.

Whether it is an interruption is decided in calls/reply/barge_in.py, which is pure. This stops the answer at once, keeps
what is left of it, and goes on with that, gives it up, or joins its question to the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calls.core.agent_turns import FALSE_START, INTERRUPTED, Outcome
from calls.core.own_words import without_ours
from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.barge_in import BargeIn, TurnOverAnswer
from calls.reply.conversation import Conversation
from calls.reply.delivery import Delivery
from calls.reply.draft import Draft
from calls.reply.floor import Floor
from calls.reply.hands import AgentHands
from calls.reply.items import Expect
from calls.reply.preparation import Preparation
from calls.reply.speaking import Speaking
from calls.reply.unsaid import Rest
from stt.tuning import Tuning
from voiceapp.runtime import metrics

RESUMED = "barge_in_resumed"
"""A stable code."""


@dataclass(frozen=True, slots=True)
class StoppedAnswer:
    """An answer that was stopped, while it is not known what for."""

    preparation: Preparation
    rest: Rest
    asked: Expect | None
    """What the caller could know that it asks for."""


class Interruption:
    """One agent's."""

    def __init__(
        self,
        tuning: Tuning,
        hands: AgentHands,
        conversation: Conversation,
        floor: Floor,
        draft: Draft,
        delivery: Delivery,
        speaking: Speaking,
        tell: Callable[[str], object],
    ) -> None:
        """``tell`` lets the responder know how much of its answer was heard."""
        self._barge_in = BargeIn(tuning)
        self._hands, self._conversation, self._floor = hands, conversation, floor
        self._draft, self._delivery, self._speaking, self._tell = draft, delivery, speaking, tell
        self._seen = CallerActivity()
        self._stopped: StoppedAnswer | None = None
        self._before = ""
        """Of an answer that goes on: its words that are not said again."""

    # What the agent tells

    def caller_is(self, activity: CallerActivity, now_ms: float) -> None:
        """After each event of the call."""
        before, self._seen = self._seen, activity
        over_answer = self._plays(now_ms) or self._barge_in.cut is not None
        self._barge_in.caller_is(before, activity, over_answer=over_answer)

    def words(self, utterance: int, text: str, now_ms: float) -> None:
        """What an utterance's words are so far."""
        self._barge_in.expects(self._asked(now_ms))
        theirs = without_ours(text, self._said)
        if theirs and self._may_stop(now_ms) and self._barge_in.words_stop_answer(utterance, theirs, self._said):
            self._stop(now_ms)
        self._barge_in.hears(utterance, theirs or text)

    def passes_over(self, turn: Turn, now_ms: float) -> bool:
        """A turn is there. True: it is a backchannel over an answer, or its echo, and nobody answers it."""
        self.words(turn.number, turn.heard_text, now_ms)
        # A caller may say our words, and nothing else: whether those are an echo, the turn knows.
        theirs = without_ours(turn.heard_text, self._said) or turn.heard_text
        is_to_answer = self._barge_in.settle(turn.number, theirs, echo=turn.echo)
        if is_to_answer is TurnOverAnswer.INTERRUPTION:
            self._give_up(now_ms)
        return is_to_answer is TurnOverAnswer.BACKCHANNEL

    def stop(self, now_ms: float) -> None:
        """The stream ends while it is not known what an answer was stopped for: its rest is the next stream's."""
        if self._stopped is not None:
            self._delivery.leave_rest(self._stopped.rest, now_ms)

    def answer_begins(self, now_ms: float) -> None:
        """Another answer has the floor: what was stopped does not go on."""
        self._before = ""
        if self._stopped is not None:
            self._give_up(now_ms)

    def drop(self) -> None:
        """Nothing goes on: the line is to be quiet."""
        if self._stopped is not None:
            self._stopped = None
            self._barge_in.interrupted()
            metrics.BARGE_INS.labels(Outcome.INTERRUPTED).inc()

    def say_rest(self, stopped: StoppedAnswer, now_ms: float) -> None:
        """Of the answer that was stopped last, whoever stopped it: nothing was said or asked since."""
        prepared, rest = stopped.preparation, stopped.rest
        self._delivery.settle(Outcome.RESUMED, now_ms)
        self._before = f"{self._before} {rest.before}"
        draft = self._draft.go_on(prepared, rest.begins_with, asks=not rest.is_whole)
        self._speaking.go_on(draft, rest.before, now_ms)

    @property
    def goes_on_at_ms(self) -> float | None:
        """When an answer that was stopped goes on if nothing happens; None: there is none, or not as it stands."""
        return self._barge_in.resume_due_ms(self._seen)

    def tick(self, now_ms: float) -> None:
        """What time has decided."""
        due_ms = self.goes_on_at_ms
        if self._may_stop(now_ms) and self._barge_in.stops_answer(self._seen, self._sounds_from_ms):
            self._stop(now_ms)
        elif due_ms is not None and now_ms >= due_ms:
            self._go_on(now_ms)

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When ``tick`` has something to decide."""
        if self._plays(now_ms):
            return self._barge_in.look_at_ms(self._seen, self._sounds_from_ms, now_ms)
        return self.goes_on_at_ms

    # Private

    def _plays(self, now_ms: float) -> bool:
        answer, playback = self._delivery.answer, self._delivery.playback
        return answer is not None and answer.has_sounded and not playback.is_over and playback.sounds(now_ms)

    def _may_stop(self, now_ms: float) -> bool:
        return self._plays(now_ms) and self._delivery.playback.is_interruptible(now_ms)

    @property
    def _sounds_from_ms(self) -> float:
        answer = self._delivery.answer
        return 0.0 if answer is None else answer.record.first_sent_ms or 0.0

    @property
    def _answer(self) -> Preparation | None:
        """That is played, or was stopped."""
        if self._stopped is not None:
            return self._stopped.preparation
        return None if self._delivery.answer is None else self._delivery.answer.preparation

    def _asked(self, now_ms: float) -> Expect | None:
        """What the answer asks for, if the caller can know it: a yes to a question that nobody has heard is none."""
        if self._stopped is not None:
            return self._stopped.asked
        answer = self._answer
        if answer is None or not answer.is_read or not answer.steps.pieces:
            return None
        hears_question = self._delivery.playback.sounding_piece(now_ms) is answer.steps.pieces[-1]
        return answer.expect if hears_question else None

    @property
    def _said(self) -> str:
        """Its words, as far as they are known."""
        return "" if self._answer is None else f"{self._before} {self._answer.text}"

    def _stop(self, now_ms: float) -> None:
        """Within this call of the pump nothing more is sent, and Twilio is told to drop what it holds."""
        answer = self._delivery.answer
        if answer is None or answer.record.first_sent_ms is None:
            return
        prepared, run = answer.preparation, self._seen.run
        voice_ms = now_ms if run is None else run.from_ms
        asked = self._asked(now_ms)
        rest = self._delivery.interrupt(answer, now_ms)
        self._draft.give_up()
        self._floor.expects(asked)
        self._floor.played_out(now_ms)
        self._tell(self._delivery.playback.heard_text)
        metrics.BARGE_IN_SECONDS.observe((now_ms - voice_ms) / 1000)
        self._stopped = StoppedAnswer(prepared, rest, asked)
        self._barge_in.was_cut(
            sounded_for_ms=voice_ms - answer.record.first_sent_ms,
            heard_ms=answer.heard_ms(self._delivery.playback, now_ms),
            has_rest=rest.has_words,
            was_resumed=prepared.call.goes_on and rest.piece == 0,
        )

    def _give_up(self, now_ms: float) -> None:
        """It was an interruption: the caller's words are answered, after a false start with those before them."""
        stopped, self._stopped = self._stopped, None
        verdict = self._barge_in.interrupted()
        if stopped is None or verdict is None:
            return
        prepared = stopped.preparation
        answers_turns = bool(prepared.turns) and not prepared.call.goes_on
        words = self._conversation.take_back() if answers_turns and verdict.false_start else None
        metrics.BARGE_INS.labels(Outcome.INTERRUPTED if words is None else FALSE_START).inc()
        if words is None:
            self._hands.note(INTERRUPTED)
        else:
            turns = [turn.revised(text) for turn, text in zip(prepared.turns, words, strict=True)]
            self._draft.ask_again(turns)
            self._floor.ask_again(turns)
            self._floor.expects(self._conversation.expected)
            self._delivery.settle(Outcome.INTERRUPTED, now_ms, FALSE_START)
            self._hands.note(FALSE_START)

    def _go_on(self, now_ms: float) -> None:
        """It was nothing: the answer is said to its end, and what was to follow its words is done behind them."""
        assert self._stopped is not None  # noqa: S101 - what goes on was stopped
        stopped, self._stopped = self._stopped, None
        self._barge_in.resumed()
        metrics.BARGE_INS.labels(Outcome.RESUMED).inc()
        self._hands.note(RESUMED)
        self.say_rest(stopped, now_ms)
