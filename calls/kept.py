"""Turns that were handed on and can still be revised: late words amend them, doubtful ones are heard again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calls.turns import Turn
from stt.attribution import Attribution

KEEP_MS = 120_000
"""How long a turn can still be revised, in media time."""
UNSETTLED_MS = 15_000
"""A turn whose words no final has settled by then is heard again by the one-shot recogniser."""


@dataclass(slots=True)
class _Kept:
    turn: Turn
    handed_on_ms: float
    rescued: bool = False


class KeptTurns:
    """By number, in the order in which they were handed on."""

    def __init__(self, ledger: Attribution) -> None:
        self._ledger = ledger
        self._kept: dict[int, _Kept] = {}

    def add(self, turn: Turn, now_ms: float) -> None:
        self._kept[turn.number] = _Kept(turn, now_ms)

    @property
    def last_number(self) -> int:
        return max(self._kept, default=0)

    def revisions(self, *, final: bool) -> Iterator[tuple[Turn, Turn]]:
        """Turns before and after, whose words are no longer those that were handed on. ``final``: nothing follows."""
        unsettled = set() if final else self._ledger.unsettled()
        for number, kept in self._kept.items():
            if number in unsettled:
                continue
            text = " ".join(self._ledger.heard_words(number))
            if text != kept.turn.heard_text:
                old, kept.turn = kept.turn, kept.turn.revised(text)
                yield old, kept.turn

    def doubtful(self, now_ms: float) -> Iterator[Turn]:
        """Turns to be heard again: their stream ended without a final, or a final is long overdue. Each once."""
        weak = self._ledger.weak()
        for number in sorted((weak | self._ledger.unsettled()) & self._kept.keys()):
            kept = self._kept[number]
            if kept.rescued or kept.turn.unvoiced:
                continue
            if number in weak or now_ms - kept.handed_on_ms >= UNSETTLED_MS:
                kept.rescued = True
                yield kept.turn

    def next_deadline_ms(self) -> float | None:
        """When a turn will have been unsettled for too long."""
        waiting = [kept.handed_on_ms + UNSETTLED_MS for kept in self._open(self._ledger.unsettled())]
        return min(waiting, default=None)

    def unsettled_from_ms(self) -> int | None:
        """Media time from which audio may still be needed."""
        doubtful = self._ledger.unsettled() | self._ledger.weak()
        return min((kept.turn.started_ms for kept in self._open(doubtful)), default=None)

    def _open(self, numbers: set[int]) -> list[_Kept]:
        """Those of these turns that can still be heard again."""
        kept = [self._kept[number] for number in numbers & self._kept.keys()]
        return [one for one in kept if not one.rescued and not one.turn.unvoiced]

    def forget_before(self, horizon_ms: int) -> int | None:
        """Drop what is settled and old; returns where the ledger's memory may begin, None when nothing was dropped."""
        unsettled = self._ledger.unsettled()
        old = [n for n, k in self._kept.items() if k.turn.ended_ms < horizon_ms and n not in unsettled]
        for number in old:
            del self._kept[number]
        if not old:
            return None
        return min(min((kept.turn.started_ms for kept in self._kept.values()), default=horizon_ms), horizon_ms)
