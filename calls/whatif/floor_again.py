"""When an answer would have begun with other pauses: the real Floor over the moments of the call as it was. Pure.

Each answer is weighed by itself. What the line had expected is not kept, but the rule of the answer is: it stands for
every pause of its question. A pause in which the answer would have begun by that rule at the call's own settings, and
did not, had the rule of unfinished words. The answer is ready as soon after the newest words as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from calls.core.actions import TurnAccepted, TurnRevised
from calls.core.status import CallerActivity
from calls.reply.floor import Floor
from calls.reply.floor_due import FloorTaken
from calls.reply.floor_rule import FLOOR_TABLE, FloorRow, FloorRule, Heard
from calls.whatif.moments import Moment
from stt.tuning import Tuning

ROWS = {row.rule: row for row in FLOOR_TABLE}
"""A row of each rule: those of one rule wait equally long."""


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """What an answer answers, and what was played around it."""

    numbers: frozenset[int]
    """Of the caller's turns that may belong to it; the last one does."""
    rule: FloorRule
    ready_after_ms: float = 0.0
    """From its newest words to the answer's first sound."""
    played: Sequence[tuple[float, float]] = ()
    """Instants between which other answers before it sounded."""
    pauses: Mapping[int, FloorRule] = field(default_factory=dict)
    """Other rules, by the turn that the pause follows."""

    @property
    def last(self) -> int:
        return max(self.numbers)


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer begins."""

    at_ms: float
    floor_ms: float
    """Instant at which the line had the floor."""
    floor_after_ms: int
    """From the last voiced frame, or our last sound where that ended later."""
    answers: int
    """The last turn that it answers: not the question's, where the caller went on."""
    since_voice_ms: int = field(default=0, compare=False)
    """From the last voiced frame: as rows of an older version have it."""


def begins(moments: Sequence[Moment], question: KeptQuestion, tuning: Tuning) -> Begun | None:
    """When its answer begins; None: the caller goes on before. ``moments``: from a time at which no word of the
    question was said."""
    return _FloorAgain(question, tuning, moments[0]).run(moments) if moments else None


def with_kept_pauses(moments: Sequence[Moment], question: KeptQuestion, tuning: Tuning) -> KeptQuestion:
    """The question, with the rules of the pauses in which its answer would have begun at the call's own settings."""
    while True:
        begun = begins(moments, question, tuning)
        if begun is None or begun.answers == question.last or begun.answers in question.pauses:
            return question
        question = replace(question, pauses={**question.pauses, begun.answers: FloorRule.UNFINISHED})


class _FloorAgain:
    def __init__(self, question: KeptQuestion, tuning: Tuning, first: Moment) -> None:
        self._question = question
        now_ms = first.now_ms
        # The model's word is in the rule.
        self._floor = Floor(replace(tuning, turn_model="silence"), now_ms, self._row)
        self._seen = replace(first.caller, speaking=False)
        self._now_ms = now_ms
        self._newest = 0
        self._newest_ms = now_ms
        """The question's newest words, and when they came."""
        self._taken: tuple[FloorTaken, float] | None = None

    def run(self, moments: Sequence[Moment]) -> Begun | None:
        for now_ms, what in _in_order(moments, self._question.played):
            begun = self._begins_before(now_ms)
            if begun is not None:
                return begun
            self._now_ms = max(self._now_ms, now_ms)
            if isinstance(what, bool):
                (self._floor.sounded if what else self._floor.played_out)(self._now_ms)
                continue
            self._caller_is(what.caller)
            if what.caller.speaking and what.caller.last_utterance >= self._question.last <= self._newest:
                return None
            self._hears(what)
        return self._begins_before(float("inf"))

    def _begins_before(self, until_ms: float) -> Begun | None:
        """What time decides until then. A floor that was taken is given back by speech, until the answer sounds."""
        floor = self._floor
        while True:
            if floor.taken is None:
                self._taken = None
            if self._taken is not None:
                taken, taken_ms = self._taken
                at_ms = max(taken_ms, self._newest_ms + self._question.ready_after_ms)
                since_voice_ms = round(taken_ms - (self._seen.last_spoken_ms or taken_ms))
                begun = Begun(at_ms, taken_ms, taken.floor_ms, taken.turns[-1], since_voice_ms)
                return begun if at_ms < until_ms else None
            deadline_ms = floor.next_deadline_ms(self._now_ms)
            if deadline_ms is None or deadline_ms >= until_ms or not floor.question:
                return None
            self._now_ms = max(self._now_ms, deadline_ms)
            due = floor.due(self._now_ms)
            if isinstance(due, FloorTaken):
                self._taken = due, self._now_ms
            elif due is not None:
                floor.nothing_said(self._now_ms)

    def _caller_is(self, caller: CallerActivity) -> None:
        """As the agent tells it (calls/reply/agent.py)."""
        before, self._seen = self._seen, caller
        self._floor.voice = caller.run
        if caller.last_utterance != before.last_utterance:
            if not before.speaking:
                self._floor.speech_started(self._now_ms)
            self._floor.speech_ended(caller.last_utterance, caller.last_spoken_ms or self._now_ms, self._now_ms)
        if caller.speaking and (not before.speaking or caller.last_utterance != before.last_utterance):
            self._floor.speech_started(self._now_ms)

    def _hears(self, moment: Moment) -> None:
        news = moment.news
        if isinstance(news, TurnAccepted) and news.turn.number not in self._question.numbers:
            self._floor.passed_over(news.turn.number)
        elif isinstance(news, TurnAccepted):
            self._floor.turn_accepted(news.turn, self._now_ms)
            if news.turn.asks:
                self._newest, self._newest_ms = max(self._newest, news.turn.number), self._now_ms
        elif isinstance(news, TurnRevised):
            before = self._floor.question
            self._floor.turn_revised(news.turn, self._now_ms)
            if self._floor.question != before:
                self._newest_ms = self._now_ms

    def _row(self, heard: Heard) -> FloorRow:
        return ROWS[self._question.pauses.get(self._newest, self._question.rule)]


def _in_order(
    moments: Sequence[Moment], played: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, Moment | bool]]:
    """By instant: what the caller did, and that another answer sounds (True) or is over (False)."""
    both: list[tuple[float, Moment | bool]] = [(one.now_ms, one) for one in moments]
    for from_ms, to_ms in played:
        both += [(from_ms, True), (to_ms, False)]
    return iter(sorted(both, key=lambda one: one[0]))
