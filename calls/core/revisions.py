"""Turns that were handed on and can still be revised: late words amend them, doubtful ones are heard again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from calls.core.actions import TurnAnswered
from calls.core.own_words import OwnWords
from calls.core.turns import Source, Turn
from stt.attribution.ledger import Attribution
from stt.events import EMULATOR_UNKNOWN, OneShotDone, RecognizerError

MAX_REVISABLE_MS = 120_000
"""How long a turn can still be revised, in media time."""
MAX_UNSETTLED_MS = 15_000
"""A turn whose words no final has settled by then is heard again by the one-shot recogniser."""
MAX_TRIES = 3
"""So often a turn is heard again while the call goes on; at its end once more."""
RETRY_MS = 5000
"""Words of a stream let a turn be tried again this long after the last time; words of the one-shot itself at once."""
HEARD = frozenset({"", "too_short", "no_words", EMULATOR_UNKNOWN})
"""Codes of turns without words in which an engine found none, or was not asked on purpose."""


def answer_error(answer: OneShotDone) -> RecognizerError | None:
    """Why the one-shot recogniser did not hear; None when it did, also where it found no words."""
    return None if answer.error is None or answer.error.code in HEARD else answer.error


@dataclass(slots=True)
class _Kept:
    turn: Turn
    handed_on_ms: float
    covered: bool
    """A result has reached its end; else the stream may still owe words of it."""
    cut_short: bool = False
    """The stream failed before it had covered the turn: some of its words may be missing."""
    tries: int = 0
    """How often it was heard again."""
    tried_ms: float = 0.0
    answered: bool = False
    """The one-shot recogniser has heard it: nothing better can come."""
    last_try: bool = False
    """It was heard again after the call's end, and is not a second time."""

    @property
    def unheard(self) -> bool:
        """No engine has answered for it."""
        return self.turn.source is Source.NONE and self.turn.code not in HEARD and not self.turn.heard_text

    @property
    def emptied(self) -> bool:
        """Its words were found to be a neighbour's, and it had some."""
        return bool(self.turn.text) and not self.turn.heard_text

    @property
    def in_need(self) -> bool:
        """Some of its words are missing, whatever the ledger says of them."""
        return self.unheard or self.emptied or self.cut_short

    @property
    def is_open(self) -> bool:
        """It can be heard again."""
        return not self.answered and not self.last_try and not self.turn.vad_missed


class RevisableTurns:
    """One call's turns that were handed on, by number."""

    def __init__(self, ledger: Attribution, own_words: OwnWords) -> None:
        self._ledger = ledger
        self._own_words = own_words
        self._kept: dict[int, _Kept] = {}
        self._stream_answered_ms = self._one_shot_answered_ms = -1.0
        self._failed_to_ms = -1
        self._unread: set[int] = set()
        """Turns whose words may be others than were handed on."""
        self._in_need: set[int] = set()
        """Numbers of the turns that are ``in_need`` now."""

    def add(self, turn: Turn, now_ms: float, *, covered: bool, cut_short: bool = False) -> Turn:
        """``covered``: some result has reached the turn's end. ``cut_short``: its stream failed under it. Returns the
        turn as it is handed on."""
        turn = self._own_words.marked(turn)
        cut_short = cut_short or (not covered and turn.ended_ms <= self._failed_to_ms)
        self._kept[turn.number] = _Kept(turn, now_ms, covered, cut_short)
        self._unread.add(turn.number)
        self._note_need(turn.number)
        return turn

    def covered_to(self, heard_to_ms: int) -> None:
        """A result has reached this media time: what ended before it was heard whole, unless its stream had failed."""
        for kept in self._kept.values():
            kept.covered = kept.covered or kept.turn.ended_ms <= heard_to_ms

    def stream_failed(self, to_ms: int) -> None:
        """The stream that heard up to here gives no more words."""
        self._failed_to_ms = to_ms
        for number, kept in self._kept.items():
            kept.cut_short = kept.cut_short or (not kept.covered and kept.turn.ended_ms <= to_ms)
            self._note_need(number)

    def _note_need(self, number: int) -> None:
        """Keep ``_in_need`` true of a turn that has changed."""
        if self._kept[number].in_need:
            self._in_need.add(number)
        else:
            self._in_need.discard(number)

    @property
    def last_number(self) -> int:
        return max(self._kept, default=0)

    def revisions(self, *, final: bool) -> Iterator[tuple[Turn, Turn]]:
        """Turns before and after, whose words are no longer those that were handed on. ``final``: nothing follows."""
        self._unread = (self._unread | self._ledger.take_touched()) & self._kept.keys()
        readable = self._unread if final else self._unread - self._ledger.unsettled()
        self._unread = self._unread - readable
        for number in sorted(readable):
            kept = self._kept[number]
            text = " ".join(self._ledger.heard_words(number))
            if text != kept.turn.heard_text:
                old, kept.turn = kept.turn, self._own_words.marked(kept.turn.revised(text))
                self._note_need(number)
                yield old, kept.turn

    def answered(self, number: int, total_ms: int) -> list[TurnAnswered]:
        """The turn with its ``total_ms``, which later revisions keep.

        Nothing where it has one already, or is forgotten: that is rare (MAX_REVISABLE_MS), and the agent's turn that
        answers it says the same (calls/core/agent_turns.py).
        """
        kept = self._kept.get(number)
        if kept is None or kept.turn.total_ms is not None:
            return []
        kept.turn = replace(kept.turn, total_ms=total_ms, revision=kept.turn.revision + 1)
        return [TurnAnswered(kept.turn)]

    def stream_answered(self, now_ms: float) -> None:
        """A stream gave words: what was not heard can be heard now."""
        self._stream_answered_ms = now_ms

    def one_shot_answered(self, number: int, now_ms: float) -> None:
        """The one-shot recogniser did not fail for this utterance: what was not heard can be heard now."""
        self._one_shot_answered_ms = now_ms
        if number in self._kept:
            self._kept[number].answered = True

    def next_retry(self, now_ms: float, *, last: bool) -> Turn | None:
        """The next turn to be heard again, counted as tried: no engine answered for it, its stream ended without a
        final, or a final is long overdue. ``last``: the call has ended, and nothing else will settle it."""
        provisional, unsettled = self._ledger.provisional(), self._ledger.unsettled()
        for kept in self._open(provisional | unsettled | self._in_need):
            number = kept.turn.number
            overdue = number in unsettled and (last or now_ms - kept.handed_on_ms >= MAX_UNSETTLED_MS)
            if (number in self._in_need or number in provisional or overdue) and (last or self._may_try(kept, now_ms)):
                kept.tries, kept.tried_ms, kept.last_try = kept.tries + 1, now_ms, last
                return kept.turn
        return None

    def _may_try(self, kept: _Kept, now_ms: float) -> bool:
        if kept.tries == 0 and not kept.unheard:
            return True
        since_ms = kept.tried_ms if kept.tries else kept.handed_on_ms
        heard = self._stream_answered_ms > since_ms and now_ms - since_ms >= RETRY_MS * min(kept.tries, 1)
        return kept.tries < MAX_TRIES and (heard or self._one_shot_answered_ms > since_ms)

    def __len__(self) -> int:
        return len(self._kept)

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When a turn will have been unsettled for too long. One that is already waits until it can be asked for."""
        overdue_ms = [kept.handed_on_ms + MAX_UNSETTLED_MS for kept in self._open(self._ledger.unsettled())]
        return min((at_ms for at_ms in overdue_ms if at_ms > now_ms), default=None)

    def unsettled_from_ms(self) -> int | None:
        """Media time from which audio may still be needed."""
        uncovered = {number for number, kept in self._kept.items() if not kept.covered}
        doubtful = self._ledger.unsettled() | self._ledger.provisional() | self._in_need | uncovered
        return min((kept.turn.started_ms for kept in self._open(doubtful)), default=None)

    def _open(self, numbers: set[int]) -> list[_Kept]:
        """Those of these turns that can still be heard again, by number."""
        return [self._kept[number] for number in sorted(numbers & self._kept.keys()) if self._kept[number].is_open]

    def forget_before(self, horizon_ms: int) -> int | None:
        """Drop what is settled and old; returns where the ledger's memory may begin, None when nothing was dropped."""
        unsettled = self._ledger.unsettled()
        old = [n for n, k in self._kept.items() if k.turn.ended_ms < horizon_ms and n not in unsettled]
        for number in old:
            del self._kept[number]
        self._in_need -= set(old)
        if not old:
            return None
        return min(min((kept.turn.started_ms for kept in self._kept.values()), default=horizon_ms), horizon_ms)
