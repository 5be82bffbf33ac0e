"""Conversation: what was said in a call so far, by both, over all of its media streams. Pure.

It is all that a responder knows (calls/reply/responder.py), and what a call's next stream goes on with when one is
lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from calls.core.turns import Turn
from calls.reply.items import Act, ActOutcome, ActStatus, Expect, Transfer
from calls.reply.orders import Supervision
from calls.reply.responder import Exchange, Occasion

if TYPE_CHECKING:
    from calls.reply.lost_answer import LostAnswer


@dataclass(slots=True)
class _Said:
    numbers: tuple[int, ...]
    """Of the turns that were answered."""
    exchange: Exchange


@dataclass(slots=True)
class Conversation:
    """One call's."""

    expected: Expect | None = None
    """What the last answer expected."""
    answers: int = 0
    """Given so far."""
    failures: int = 0
    """Answers that failed, one after the other."""
    lost: LostAnswer | None = None
    """What was cut off when a stream was lost; the next stream goes on with it."""
    supervision: Supervision = field(default_factory=Supervision)
    secrets: list[str] = field(default_factory=list)
    """Values that the caller said at questions that are marked secret: the words of every stream are without them."""
    _said: list[_Said] = field(default_factory=list)
    _speaking: bool = False
    """The last exchange is under way."""
    _before: str | None = None
    """Of an answer that goes on: its words that are not said again."""
    _acts: set[str] = field(default_factory=set)
    """Ids of those that were tried: each is done once."""

    @property
    def said(self) -> tuple[Exchange, ...]:
        return tuple(one.exchange for one in self._said)

    @property
    def answered_numbers(self) -> tuple[tuple[int, ...], ...]:
        """Of the turns that each exchange answers."""
        return tuple(one.numbers for one in self._said)

    @property
    def transfer_failed(self) -> bool:
        """The last answer handed the call over in vain, and nothing was said since."""
        outcomes = self._said[-1].exchange.outcomes if self._said else ()
        return any(isinstance(one.act, Transfer) and one.status is ActStatus.FAILED for one in outcomes)

    def said_before(self, exchanges: Iterable[Exchange]) -> None:
        """What was said before this process had the call. Their turns are revised no more."""
        self._said += [_Said((), exchange) for exchange in exchanges]

    def begins(self, occasion: Occasion, turns: Sequence[Turn]) -> None:
        """An answer's first sound is sent, or the first act of one without sound is done: it is an exchange from now
        on. Idempotent."""
        if not self._speaking:
            self._speaking = True
            self._add(occasion, turns)

    def answered(
        self,
        occasion: Occasion,
        turns: Sequence[Turn],
        answer: str,
        heard: str,
        expected: Expect | None,
        *,
        interrupted: bool = False,
    ) -> None:
        """An answer has ended; one that never sounded has had no other beginning."""
        if not self._speaking:
            self._add(occasion, turns)
        last, before = self._said[-1], self._before
        heard = max(f"{before} {heard}".strip(), last.exchange.heard, key=len) if before is not None else heard
        answer = f"{before or ''} {answer}".strip()
        last.exchange = replace(last.exchange, answer=answer, heard=heard, expected=expected, interrupted=interrupted)
        self.expected = expected
        self._speaking, self._before = False, None

    def goes_on(self, before: str) -> None:
        """The first sound of the rest of the last answer, which was cut off. ``before``: its words that are not said
        again. Idempotent."""
        self._speaking, self._before = True, before

    def take_back(self) -> tuple[str, ...] | None:
        """The last answer was a false start: it is as if it had not been given. Returns its question's words as they
        stand now; None where it has done something that cannot be taken back, or nothing was asked."""
        if not self._said or self._said[-1].exchange.outcomes or not self._said[-1].numbers:
            return None
        words = self._said.pop().exchange.revised
        self.expected = self._said[-1].exchange.expected if self._said else None
        return words

    def left(self, turn: Turn) -> None:
        """Nobody answers this turn: whoever answers the next one knows of it."""
        if turn.asks:
            words = (turn.heard_text,)
            left = _Said((turn.number,), Exchange(Occasion.SUPERVISOR, words, words, "", ""))
            # Before what is being said: that is the last one until it is over.
            self._said.insert(len(self._said) - self._speaking, left)

    def _add(self, occasion: Occasion, turns: Sequence[Turn]) -> None:
        question = tuple(turn.heard_text for turn in turns)
        exchange = Exchange(occasion, question, question, "", "")
        self._said.append(_Said(tuple(turn.number for turn in turns), exchange))

    def revised(self, turn: Turn) -> bool:
        """Late words of a turn; True where it was answered already."""
        for one in self._said:
            if turn.number in one.numbers:
                place = one.numbers.index(turn.number)
                texts = list(one.exchange.revised)
                texts[place] = turn.heard_text
                one.exchange = replace(one.exchange, revised=tuple(texts))
                return True
        return False

    def may_do(self, act: Act) -> bool:
        """Whether an act was not done yet; one without an id always may."""
        return not act.id or act.id not in self._acts

    def done(self, outcome: ActOutcome) -> None:
        """What came of an act: the next answer sees it, with its exchange."""
        if outcome.act.id and outcome.status is not ActStatus.REFUSED:
            self._acts.add(outcome.act.id)
        if self._said:
            last = self._said[-1]
            last.exchange = replace(last.exchange, outcomes=(*last.exchange.outcomes, outcome))


def unheard_clause(text: str, heard: str) -> str:
    """What of a text is to be said again when it was heard up to there: from the clause on that was cut."""
    begin = len(heard) if text.startswith(heard) else 0
    if begin >= len(text):
        return ""
    cut = max((text.rfind(mark, 0, begin) + 1 for mark in ".?!,;:\n"), default=0)
    return text[cut:].strip()
