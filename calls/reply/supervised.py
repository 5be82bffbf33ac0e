"""Supervised: what a supervisor has an answering call do. One agent's, on the call's loop; nothing waits.

| a supervisor says | then |
|---|---|
| a sentence, and the floor is free | it is said at once |
| a sentence, and an answer plays | it is said behind the piece that is heard, and the answer's rest is not |
| the same, and what is left of the answer may not be spoken over | it is said at the answer's end |
| a sentence, and an answer is ready that has not sounded | it is said first, and the question is answered after it |
| a sentence, and the caller speaks | it waits for the floor; after WAIT_MS it is dropped, and noted |
| be quiet | what sounds stops, what was to be said is given up, and the caller's turns are answered by nobody |
| answer again | what the caller says from now on is answered |
| the same after a hand-over that failed | and the rest of what was stopped, unless something else comes first |

Where a call's rows could not be read, it is not known whether somebody keeps the line quiet: it answers until it is,
and an order that a supervisor gives meanwhile is newer than what rows say.

A sentence is an answer of its own (``Occasion.SUPERVISOR``): the caller may speak over it, its row and its exchange say
who had it said, and what the line expects of the caller is as before. It can be said while the line is quiet, and on a
line that only listens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calls.core.agent_turns import BY_SUPERVISOR
from calls.core.turns import Turn
from calls.reply.conversation import Conversation
from calls.reply.delivery import Delivery
from calls.reply.draft import Draft
from calls.reply.floor import Floor
from calls.reply.given_answer import GivenAnswer
from calls.reply.hands import AgentHands
from calls.reply.interruption import Interruption, StoppedAnswer
from calls.reply.orders import (
    ALREADY_QUIET,
    MAX_WAITING,
    NO_VOICE,
    NOT_ANSWERING,
    NOT_QUIET,
    SENTENCE_DROPPED,
    TOO_MANY_SENTENCES,
    WAIT_MS,
    Order,
    SupervisorOrder,
    TypedSentence,
)
from calls.reply.responder import Occasion
from calls.reply.speaking import Speaking


class Supervised:
    """One agent's."""

    def __init__(
        self,
        hands: AgentHands,
        conversation: Conversation,
        floor: Floor,
        draft: Draft,
        delivery: Delivery,
        speaking: Speaking,
        interruption: Interruption,
        tell: Callable[[str], object],
        *,
        converses: bool,
        has_voice: bool,
    ) -> None:
        """``tell`` lets the responder know how much of its answer was heard. ``converses``: the line answers by itself.
        ``has_voice``: it can say any text."""
        self._hands, self._conversation, self._floor = hands, conversation, floor
        self._draft, self._delivery, self._speaking = draft, delivery, speaking
        self._interruption, self._tell = interruption, tell
        self._converses, self._has_voice = converses, has_voice
        self._state = conversation.supervision
        self._stopped: StoppedAnswer | None = None
        """By the order to be quiet: it may go on."""
        self._says_rest = False
        """It does, as soon as the line may speak."""

    # The supervisor

    def obey(self, order: SupervisorOrder, now_ms: float) -> str:
        """Returns a stable code; empty when it is done, or will be."""
        if order.order is Order.SAY:
            code = self._say(order, now_ms)
        elif not self._converses:
            code = NOT_ANSWERING
        elif order.order is Order.AS_KEPT:
            code = self._as_kept(order.by, now_ms)
        elif order.order is Order.QUIET:
            code = self._be_quiet(order.by, now_ms)
        else:
            code = self._answer_again(now_ms, says_rest=order.says_rest)
        self._hands.wake()
        return code

    @property
    def is_quiet(self) -> bool:
        return bool(self._state.quiet_by)

    @property
    def lets_answer(self) -> bool:
        """The line answers by itself, and nobody keeps it quiet."""
        return self._converses and not self.is_quiet

    @property
    def lets_interrupt(self) -> bool:
        """A line that only listens says its greeting to the end; a supervisor's words may be spoken over there too."""
        return self._converses or self._state.saying is not None

    # What the agent tells

    def leaves(self, turn: Turn) -> bool:
        """A turn is there. True: nobody answers it; whoever answers next is told of it."""
        if not self.is_quiet and turn.ended_ms > self._state.released_ms:
            return False
        self._floor.passed_over(turn.number)
        self._conversation.left(turn)
        return True

    def sounded(self, answer: GivenAnswer) -> None:
        """Its first frame is sent: a sentence no longer waits, and what was stopped before it is not gone on with."""
        self._drop_rest()
        if _is_new_sentence(answer):
            self._state.saying = self._state.waiting.popleft().ask

    def ended(self, answer: GivenAnswer) -> None:
        """It is over. A sentence that no voice could say is not tried again."""
        if _is_new_sentence(answer) and not answer.has_sounded:
            self._hands.not_said(self._state.waiting.popleft().ask)

    def stop(self) -> None:
        """The stream ends: what waits is not said, unless the call's next stream does."""
        for sentence in self._state.waiting:
            self._hands.not_said(sentence.ask)

    def tick(self, now_ms: float) -> None:
        """What time has decided, and whether the line may speak."""
        answer, waiting = self._delivery.answer, self._state.waiting
        if answer is not None and answer.preparation.call.occasion is Occasion.SUPERVISOR:
            if answer.has_sounded and waiting:
                waiting[0] = replace(waiting[0], until_ms=now_ms + WAIT_MS)  # its time begins behind this one
            return
        while waiting and now_ms >= waiting[0].until_ms:
            self._hands.not_said(waiting.popleft().ask)
            self._hands.note(SENTENCE_DROPPED)
        if self._is_held:
            return
        if not waiting:
            self._go_on(now_ms)
            return
        if answer is not None:
            self._make_room(answer)
        if self._delivery.answer is None and self._is_free(now_ms):
            self._interruption.answer_begins(now_ms)
            if self._draft.answer is not None:
                self._draft.withdraw()
            self._speaking.say(waiting[0].text)

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When ``tick`` has something to decide."""
        if not self._state.waiting:
            return self._floor.free_at_ms(now_ms) if self._may_go_on and not self._is_held else None
        until_ms = self._state.waiting[0].until_ms
        if self._delivery.answer is not None:
            return until_ms if until_ms > now_ms else None
        free_ms = None if self._is_held else self._floor.free_at_ms(now_ms)
        return until_ms if free_ms is None else min(until_ms, free_ms)

    # Private

    def _say(self, order: SupervisorOrder, now_ms: float) -> str:
        if not self._has_voice:
            return NO_VOICE
        if len(self._state.waiting) >= MAX_WAITING:
            return TOO_MANY_SENTENCES
        self._state.waiting.append(TypedSentence(order.text, now_ms + WAIT_MS, order.ask))
        return ""

    def _as_kept(self, quiet_by: str, now_ms: float) -> str:
        if self._state.is_known:
            return ""
        self._state.is_known = True
        return self._be_quiet(quiet_by, now_ms) if quiet_by else ""

    def _be_quiet(self, by: str, now_ms: float) -> str:
        if self.is_quiet:
            return ALREADY_QUIET
        self._state.quiet_by, self._state.is_known = by, True
        self._says_rest = False
        while self._state.waiting:
            self._hands.not_said(self._state.waiting.popleft().ask)
        self._interruption.drop()
        answer = self._delivery.answer
        if answer is not None and answer.has_sounded:
            prepared = answer.preparation
            rest = self._delivery.interrupt(answer, now_ms, BY_SUPERVISOR)
            self._stopped = StoppedAnswer(prepared, rest, prepared.expect) if rest.has_words else None
            self._floor.expects(prepared.expect)
            self._floor.played_out(now_ms)
            self._tell(self._delivery.playback.heard_text)
        else:
            self._delivery.give_up()
            self._delivery.hush(now_ms)
        self._draft.give_up()
        for turn in self._draft.take_question():
            self._conversation.left(turn)
        self._floor.begin_anew(now_ms)
        return ""

    def _answer_again(self, now_ms: float, *, says_rest: bool) -> str:
        if not self.is_quiet:
            was_known, self._state.is_known = self._state.is_known, True
            return NOT_QUIET if was_known else ""
        self._state.quiet_by = ""
        self._state.released_ms = self._hands.media_ms(now_ms)
        self._floor.begin_anew(now_ms)
        self._says_rest = says_rest
        if not says_rest:
            self._drop_rest()
        return ""

    def _go_on(self, now_ms: float) -> None:
        """With what was stopped, where it is to be said to its end and nobody else has the floor."""
        if self._stopped is not None and self._may_go_on and self._is_free(now_ms):
            self._says_rest = False
            self._interruption.say_rest(self._stopped, now_ms)

    def _drop_rest(self) -> None:
        self._stopped, self._says_rest = None, False

    @property
    def _may_go_on(self) -> bool:
        """A question that the caller has asked meanwhile is answered first, and then nothing goes on."""
        is_next = self._delivery.answer is None and self._draft.answer is None
        return self._says_rest and self._stopped is not None and is_next

    def _make_room(self, answer: GivenAnswer) -> None:
        """For a sentence, by what is being said or is to be said."""
        if answer.has_sounded:
            if not answer.cut_short and answer.rest_is_interruptible:
                self._delivery.cut_short(BY_SUPERVISOR)
        elif answer.preparation.call.occasion is not Occasion.OPENING:
            self._draft.withdraw()
            self._delivery.give_up()
            self._floor.give_back()

    @property
    def _is_held(self) -> bool:
        """By an act under way, or by an answer that may go on: what that comes to is waited for."""
        return self._delivery.acts.running or self._interruption.goes_on_at_ms is not None

    def _is_free(self, now_ms: float) -> bool:
        free_ms = self._floor.free_at_ms(now_ms)
        return free_ms is not None and free_ms <= now_ms


def _is_new_sentence(answer: GivenAnswer) -> bool:
    """Not one that goes on after a noise."""
    call = answer.preparation.call
    return call.occasion is Occasion.SUPERVISOR and not call.goes_on
