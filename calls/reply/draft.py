"""Draft: the answer that is being made ready, one at a time, and what it took. On the call's loop.

What has not sounded is withdrawn without a trace: its task is cancelled, its streams are closed, and it is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from calls.core.turns import Turn
from calls.reply.answerer import Answerer
from calls.reply.conversation import Conversation
from calls.reply.hands import AgentCall, AgentHands
from calls.reply.items import Expect
from calls.reply.limits import over_limit
from calls.reply.lost_answer import LostAnswer
from calls.reply.preparation import Preparation
from calls.reply.reply_usage import ReplyUsage
from calls.reply.responder import Occasion, ReplyCall
from calls.reply.unsaid import Unsaid

MAX_PREPARATIONS = 3
"""Of one question before the line has the floor; then the next one waits for it."""


class Draft:
    """One agent's."""

    def __init__(
        self,
        call: AgentCall,
        answerer: Answerer,
        hands: AgentHands,
        conversation: Conversation,
        now_ms: Callable[[], float],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """``start`` runs a preparation as a task of the agent's."""
        self.answer: Preparation | None = None
        """Also while it is delivered, so that no other is made meanwhile."""
        self.question: dict[int, Turn] = {}
        """The caller's turns that no answer has sounded for, by their numbers."""
        self.usage = ReplyUsage()
        self.withdrawals = 0
        """Of the question so far."""
        self._call, self._answerer, self._hands = call, answerer, hands
        self._conversation, self._now_ms, self._start = conversation, now_ms, start
        self._began_ms = now_ms()
        self._task: asyncio.Task[None] | None = None
        self._tries = 0

    @property
    def may_begin_early(self) -> bool:
        return self.answer is None and self._tries < MAX_PREPARATIONS

    def answer_question(self) -> Preparation:
        """Make the answer to the caller's turns ready."""
        return self.begin(Occasion.TURNS, [self.question[number] for number in sorted(self.question)])

    def begin(
        self,
        occasion: Occasion,
        turns: Sequence[Turn] = (),
        *,
        reprompt: int = 0,
        begins_with: Sequence[Unsaid | Expect] = (),
        asks: bool = True,
        goes_on: bool = False,
    ) -> Preparation:
        """Make an answer ready; a call that is beyond its limits gets an apology. ``begins_with``: what is said before
        the responder is asked, if it is asked at all."""
        call, limits = self._call, self._call.settings.limits
        people = tuple(call.settings.people)
        self.answer = answer = Preparation(
            self._answerer,
            ReplyCall(call.call_sid, call.from_number, call.to_number, occasion, reprompt, people, goes_on),
            turns,
            self._conversation.said,
            begins_with=begins_with,
            asks=asks,
            deliver=self._hands.ready,
            wake=self._hands.wake,
            now_ms=self._now_ms,
        )
        self._tries += 1
        answered_ms = self._now_ms() - self._began_ms
        code = over_limit(limits, answers=self._conversation.answers, answered_ms=answered_ms, cost=self.usage.cost)
        if occasion is Occasion.SUPERVISOR:
            code = ""  # limits are for a line that answers by itself
        self._task = self._start(answer.only_apologise(code) if code else answer.run())
        self._task.add_done_callback(lambda _: self.usage.add(answer))
        return answer

    def go_on(self, cut: Preparation, begins_with: Sequence[Unsaid | Expect], *, asks: bool) -> Preparation:
        """Make the rest of an answer ready that was cut off. ``asks``: its responder had not come to an end."""
        call = cut.call
        asks = asks and call.occasion is not Occasion.SUPERVISOR
        return self.begin(
            call.occasion, cut.turns, reprompt=call.reprompt, begins_with=begins_with, asks=asks, goes_on=True
        )

    def resume(self, lost: LostAnswer) -> Preparation:
        """Make the rest of an answer ready whose stream was lost."""
        rest = lost.rest
        return self.begin(lost.occasion, begins_with=rest.begins_with, asks=not rest.is_whole, goes_on=True)

    def withdraw(self) -> None:
        """The caller goes on: what was to be said is not said, silently."""
        self.withdrawals += 1
        self.give_up()

    def give_up(self) -> None:
        """Stop making it."""
        if self._task is not None:
            self._task.cancel()
        self.over()

    def over(self) -> None:
        """It was delivered, or never will be: another may be made."""
        self.answer = self._task = None

    def answered(self, answer: Preparation) -> None:
        """Its question was answered: the next one begins at nothing."""
        for turn in answer.turns:
            self.question.pop(turn.number, None)
        self._tries = self.withdrawals = 0

    def take_question(self) -> list[Turn]:
        """Nobody answers the question. Returns its turns."""
        turns = [self.question[number] for number in sorted(self.question)]
        self.question.clear()
        self._tries = self.withdrawals = 0
        return turns

    def ask_again(self, turns: Iterable[Turn]) -> None:
        """Their answer was a false start."""
        self.question.update((turn.number, turn) for turn in turns)

    def ask_more(self, turn: Turn) -> None:
        """The caller has said more: as many tries as for a new question."""
        self.question[turn.number] = turn
        self._tries = 0

    def revise(self, turn: Turn) -> None:
        """Late words of a turn; one that has none of the caller's left is not asked."""
        if turn.asks:
            self.question[turn.number] = turn
        else:
            del self.question[turn.number]

    def rest(self) -> None:
        """Make nothing more of this question before the line has the floor."""
        self._tries = MAX_PREPARATIONS
