"""Utterances as spans on the line of media time: which one holds a moment, which are beside each other. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Set
from dataclasses import dataclass

MAX_GAP_MS = 1000
"""A timed word within this distance of an utterance is its word; farther from all of them the endpointer missed it."""
UNBOUND_MS = 1 << 62
"""Behind all that is heard."""
MIN_WORD_MS = 120
"""A hypothesis must reach this far into an utterance to hold a whole word of it."""


@dataclass(slots=True)
class Span:
    """An utterance's place in media time. ``end_ms`` is None while speech goes on."""

    number: int
    start_ms: int
    end_ms: int | None = None
    vad_missed: bool = False


class Spans:
    """By their start, in ms of media time.

    A *place* is on the line of them: 2·i is span i, 2·i + 1 the gap behind it, −1 the gap before all.
    """

    def __init__(self, first_number: int = 1) -> None:
        self._line: list[Span] = []
        self._numbered: dict[int, Span] = {}
        self._last_number = first_number - 1
        self._at_of: dict[int, int] | None = None
        """Cache: number -> which of the line the span is."""

    def add(self, start_ms: int, end_ms: int | None, *, vad_missed: bool) -> Span:
        """The next number's span, at its place."""
        self._last_number += 1
        span = Span(self._last_number, start_ms, end_ms, vad_missed)
        self._numbered[span.number] = span
        self._line.insert(bisect_right(self._line, start_ms, key=_start_ms), span)
        self._at_of = None
        return span

    def forget_before(self, at_ms: int, held: Set[int | None]) -> list[int]:
        """Drop the spans that end before a time, but those that are held; returns their numbers."""
        gone = [s.number for s in self._line if s.end_ms is not None and s.end_ms < at_ms and s.number not in held]
        for number in gone:
            del self._numbered[number]
        self._line = [span for span in self._line if span.number in self._numbered]
        self._at_of = None
        return gone

    def __len__(self) -> int:
        return len(self._line)

    def __contains__(self, number: int | None) -> bool:
        return number in self._numbered

    def __getitem__(self, number: int) -> Span:
        """Raises KeyError when there is none, or it was forgotten."""
        return self._numbered[number]

    def before(self, number: int) -> Iterator[Span]:
        """The spans before this one, the nearest first."""
        return (self._line[at] for at in range(self._at(number) - 1, -1, -1))

    def after(self, number: int) -> Span | None:
        """The span behind this one."""
        at = self._at(number) + 1
        return self._line[at] if at < len(self._line) else None

    def beside(self, number: int) -> list[int]:
        """The numbers of this span and of its neighbours."""
        at = self._at(number)
        return [span.number for span in self._line[max(0, at - 1) : at + 2]]

    # Places

    @property
    def last_place(self) -> int:
        """Behind all spans."""
        return 2 * len(self._line)

    def place_of(self, number: int) -> int:
        return 2 * self._at(number)

    def number_at(self, place: int) -> int | None:
        """None of a gap."""
        return self._line[place // 2].number if place >= 0 and place % 2 == 0 else None

    def place_at(self, at_ms: int) -> int:
        """The span that holds a time, or the nearest one within MAX_GAP_MS, or the gap between."""
        i = bisect_right(self._line, at_ms, key=_start_ms) - 1
        before_ms = 0
        if i >= 0:
            end_ms = self._line[i].end_ms
            if end_ms is None or at_ms <= end_ms:
                return 2 * i
            before_ms = at_ms - end_ms
        after_ms = self._line[i + 1].start_ms - at_ms if i + 1 < len(self._line) else MAX_GAP_MS + 1
        if i >= 0 and before_ms <= min(after_ms, MAX_GAP_MS):
            return 2 * i
        return 2 * (i + 1) if after_ms <= MAX_GAP_MS else 2 * i + 1

    def place_begun_by(self, at_ms: int, known_ms: int, heard_from_ms: int = 0) -> int:
        """The last utterance that had begun by ``at_ms``; where that one was over before ``heard_from_ms``, or none had
        begun, the next one if it had begun by ``known_ms``; else −1, or the one that was over."""
        i = bisect_right(self._line, at_ms, key=_start_ms) - 1
        end_ms = self._line[i].end_ms if i >= 0 else -1
        over = end_ms is not None and end_ms < heard_from_ms
        if (i < 0 or over) and i + 1 < len(self._line) and self._line[i + 1].start_ms <= known_ms:
            i += 1
        return 2 * i if i >= 0 else -1

    def place_in_voice(self, from_ms: int, to_ms: int, share: float) -> int:
        """The utterance in which this share of the voice between two times has been spoken; behind all where there is
        no voice."""
        left_ms = share * self.voiced_ms(from_ms, to_ms)
        for i in self._between(from_ms, to_ms):
            voiced_ms = _shared_ms(self._line[i], from_ms, to_ms)
            left_ms -= voiced_ms
            if voiced_ms and left_ms <= 0:
                return 2 * i
        return self.last_place

    def voiced_ms(self, from_ms: int, to_ms: int) -> int:
        """How much of the time between two is some utterance's, whose voice the endpointer heard."""
        return sum(_shared_ms(self._line[i], from_ms, to_ms) for i in self._between(from_ms, to_ms))

    def _between(self, from_ms: int, to_ms: int) -> range:
        """Which of the line can hold voice between two times."""
        first = max(0, bisect_right(self._line, from_ms, key=_start_ms) - 1)
        return range(first, bisect_right(self._line, to_ms, key=_start_ms))

    def _at(self, number: int) -> int:
        if self._at_of is None:
            self._at_of = {span.number: i for i, span in enumerate(self._line)}
        return self._at_of[number]


def _start_ms(span: Span) -> int:
    return span.start_ms


def _shared_ms(span: Span, from_ms: int, to_ms: int) -> int:
    end_ms = to_ms if span.end_ms is None else min(span.end_ms, to_ms)
    return 0 if span.vad_missed else max(0, end_ms - max(span.start_ms, from_ms))
