"""Speaking: what the line does when it has the floor. An answer begins, sounds, and ends. On the call's loop.

Who has the floor calls/reply/floor.py decides; what is said calls/reply/draft.py makes ready, and how it reaches the
caller's ear is calls/reply/delivery.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from calls.core.agent_turns import GOES_ON, Outcome
from calls.reply.answer_record import AnswerRecord
from calls.reply.conversation import Conversation
from calls.reply.delivery import Delivery
from calls.reply.draft import Draft
from calls.reply.floor import Floor
from calls.reply.floor_due import AskAgain, Due, FloorTaken
from calls.reply.given_answer import GivenAnswer
from calls.reply.hands import AgentCall, AgentHands
from calls.reply.items import Expect, Say
from calls.reply.lost_answer import LostAnswer
from calls.reply.preparation import Preparation
from calls.reply.responder import Occasion
from calls.reply.unsaid import Unsaid


class Speaking:
    """One agent's."""

    def __init__(
        self,
        call: AgentCall,
        hands: AgentHands,
        conversation: Conversation,
        floor: Floor,
        draft: Draft,
        delivery: Delivery,
        now_ms: Callable[[], float],
    ) -> None:
        self._call, self._hands, self._conversation = call, hands, conversation
        self._floor, self._draft, self._delivery = floor, draft, delivery
        self._now_ms = now_ms
        self._resumes: LostAnswer | None = None
        """It goes on with the next sound."""

    def open(self, *, asks: bool) -> None:
        """The greeting and, if it is asked, the responder's first words; or what a lost stream left unsaid."""
        lost, self._conversation.lost = self._conversation.lost, None
        greeting = self._call.settings.greeting if self._call.greets else ""
        first = [Say(text) for text in (self._call.notice, greeting) if text]
        if lost is not None:
            self._resumes = lost
            self.go_on(self._draft.resume(lost), lost.rest.before, self._now_ms())
        elif first or asks:
            self.by_itself(Occasion.OPENING, begins_with=first, asks=asks)

    def take_floor(self, due: Due, now_ms: float) -> None:
        """The line may speak."""
        if isinstance(due, FloorTaken):
            if due.code:
                self._hands.note(due.code)
            draft = self._draft.answer or self._draft.answer_question()
            record = self._record(due.rule.value, due.floor_ms, now_ms)
            record.answers = max(filter(self._call.is_own, due.turns), default=None)
            self._delivery.begin(draft, record)
        elif isinstance(due, AskAgain):
            self.by_itself(Occasion.SILENCE, reprompt=due.number)
        else:
            self.by_itself(Occasion.GOODBYE)

    def say(self, sentence: str) -> None:
        """A supervisor's words. What the caller's next ones should be is as before."""
        words: list[Say | Expect] = [Say(sentence, cacheable=False)]
        if self._conversation.expected is not None:
            words.append(self._conversation.expected)
        self.by_itself(Occasion.SUPERVISOR, begins_with=words, asks=False)

    def go_on(self, draft: Preparation, before: str, now_ms: float) -> None:
        """What was cut off by nothing, or by the end of its stream. ``before``: its words that are not said again."""
        self._delivery.begin(draft, self._record(GOES_ON, None, now_ms), before)

    def sounded(self, answer: GivenAnswer, now_ms: float) -> None:
        """Its first frame is sent: the question is answered."""
        self._floor.sounded(now_ms)
        self._draft.answered(answer.preparation)
        lost, self._resumes = self._resumes, None
        if lost is not None and answer.before is not None:
            self._hands.resumed(lost.turn, lost.stream_sid)
        record = answer.record
        if record.answers is not None and record.total_ms is not None:
            self._hands.answered(record.answers, record.total_ms)

    def end_answer(self, answer: GivenAnswer, now_ms: float) -> None:
        """It was heard to its end, or has said nothing."""
        prepared = answer.preparation
        if answer.cut_short:
            self._draft.give_up()
        self._draft.over()
        cut_by = answer.cut_short if self._delivery.playback.heard_text != prepared.text else ""
        ended = Outcome.INTERRUPTED if cut_by else Outcome.FAILED if prepared.failed else Outcome.PLAYED
        self._delivery.conclude(ended, now_ms, cut_by)
        if answer.has_sounded:
            self._floor.expects(prepared.expect)
            self._floor.played_out(now_ms)
        else:
            self._floor.nothing_said(now_ms)
            self._draft.answered(prepared)

    def caller_speaks(self, now_ms: float) -> None:
        """What has not sounded is given up, and a filler that bridges the wait for it stops."""
        self.withdraw()
        if self._delivery.fillers.stop() and self._delivery.answer is None:
            self._delivery.hush(now_ms)

    def withdraw(self) -> None:
        """What has not sounded is given up; but a greeting, or a notice that the call is recorded, is said whatever the
        caller says."""
        draft, given = self._draft.answer, self._delivery.answer
        if draft is None or draft.call.occasion is Occasion.OPENING or (given is not None and given.has_sounded):
            return
        self._draft.withdraw()
        self._delivery.give_up()

    def wait(self, now_ms: float) -> None:
        """The responder says that the caller has not finished."""
        self._floor.waits(now_ms)
        self._draft.rest()
        self._draft.give_up()
        self._delivery.give_up()

    def by_itself(
        self, occasion: Occasion, *, reprompt: int = 0, begins_with: Sequence[Unsaid | Expect] = (), asks: bool = True
    ) -> None:
        """Nobody has asked, and the floor is free."""
        draft = self._draft.begin(occasion, reprompt=reprompt, begins_with=begins_with, asks=asks)
        rule = Occasion.SILENCE.value if occasion is Occasion.GOODBYE else occasion.value
        self._delivery.begin(draft, self._record(rule, None, self._now_ms()))

    def _record(self, rule: str, floor_ms: int | None, now_ms: float) -> AnswerRecord:
        number = self._call.first_number + self._conversation.answers
        return AnswerRecord(number, rule, floor_ms, now_ms, withdrawals=self._draft.withdrawals)
