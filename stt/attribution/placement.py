"""Placement: which utterance each word of a segment belongs to.

Rules 2 and 4 of attribution, and its property: the turns' words, by their start, are the settled words, each once, in
order; and a word whose time is known is in the turn whose span holds it. Nothing is ever moved from turn to turn: a
word carries evidence, and its utterance follows from the evidence of the whole segment.

Pure. Knows what an utterance's span is, and no streams.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from stt.attribution.alignment import MIN_LETTER_MS, Entry
from stt.attribution.segments import Segment, Segments
from stt.attribution.spans import MAX_GAP_MS, MIN_WORD_MS, UNBOUND_MS, Span, Spans


class Placement:
    """The utterances of a call, and whose each word of its segments is. What it found out of a segment is kept until
    evidence or spans change: whoever changes a segment's words or their evidence says so by ``changed``."""

    def __init__(self, segments: Segments, first_number: int) -> None:
        self.spans = Spans(first_number)
        self._segments = segments
        self._touched: set[int | None] = set()
        """Utterances whose words may be others than when ``take_touched`` was last asked."""

    # What has changed

    def began(self, start_ms: int, end_ms: int | None = None, *, vad_missed: bool = False) -> Span:
        """An utterance has begun; it can take words from its neighbours."""
        span = self.spans.add(start_ms, end_ms, vad_missed=vad_missed)
        self._touched.update(self.spans.beside(span.number))
        self.spans_changed(start_ms - MAX_GAP_MS)
        return span

    def ended(self, number: int, end_ms: int) -> None:
        span = self.spans[number]
        span.end_ms = max(end_ms, span.start_ms)
        self.spans_changed(span.start_ms)

    def spans_changed(self, from_ms: int) -> None:
        """Spans from this time on have changed: whose words those are that were heard since must be found again."""
        for segment in self._segments:
            if segment.reaches(from_ms):
                self.changed(segment)

    def keep_before(self, segment: Segment, number: int) -> None:
        """Give up the segment's words of the utterances from this one on."""
        owners = self.owners(segment)
        kept = [entry for entry, owner in zip(segment.entries, owners, strict=True) if (owner or number) < number]
        segment.entries = kept
        self.changed(segment)

    def changed(self, segment: Segment) -> None:
        """The segment has other words, or other evidence of them."""
        segment.placed = False
        self._touched |= segment.numbers

    def touch(self, numbers: Iterable[int | None]) -> None:
        """Something else that these utterances' words depend on has changed."""
        self._touched.update(numbers)

    def take_touched(self) -> set[int]:
        """Utterances whose words may have changed since this was last asked: a final is of few of them."""
        for segment in self._segments:
            if not segment.placed:
                self._place(segment)
        touched = {number for number in self._touched if number is not None}
        self._touched.clear()
        return touched

    # Whose word is it

    def owners(self, segment: Segment) -> list[int | None]:
        """For each word of the segment the number of its utterance, in order; None: no utterance holds it."""
        if not segment.placed:
            self._place(segment)
        return segment.owners

    def numbers(self, segment: Segment) -> frozenset[int | None]:
        """The utterances that hold words of the segment."""
        if not segment.placed:
            self._place(segment)
        return segment.numbers

    def numbers_of(self, segments: Iterable[Segment]) -> set[int]:
        """The utterances that hold words of any of these segments."""
        return {number for segment in segments for number in self.numbers(segment) if number is not None}

    def words_in(self, segment: Segment, number: int) -> list[Entry]:
        """Those of the segment's words that are the utterance's."""
        return [e for e, owner in zip(segment.entries, self.owners(segment), strict=True) if owner == number]

    def words_of(self, number: int) -> list[tuple[Segment, list[Entry]]]:
        """The segments that hold words of an utterance, with those words."""
        return [
            (segment, self.words_in(segment, number)) for segment in self._segments if number in self.numbers(segment)
        ]

    def take(self, number: int) -> None:
        """Rule 1: a turn was accepted with its words: they are its own, whatever a newer hypothesis makes of them."""
        for segment, mine in self.words_of(number):
            for entry in mine:
                entry.owner = number
            self.changed(segment)

    def hold_untimed(self, segment: Segment) -> None:
        """Rule 3: settled words without a time stay where the evidence of this moment puts them; timed ones follow the
        spans."""
        for entry, owner in zip(segment.entries, self.owners(segment), strict=True):
            if entry.middle_ms is None:
                entry.owner = owner

    def add_missed(self, segment: Segment) -> list[Span]:
        """Rule 4: give words that lie in no utterance an utterance of their own, one for each gap; returns those."""
        owned = groupby(zip(segment.entries, self.owners(segment), strict=True), key=itemgetter(1))
        gaps = [[entry for entry, _ in words] for owner, words in owned if owner is None]
        return [self._add_missed(gap, segment) for gap in gaps]

    def _add_missed(self, gap: list[Entry], segment: Segment) -> Span:
        timed = [(e.start_ms, e.end_ms) for e in gap if e.start_ms is not None and e.end_ms is not None]
        start_ms = min((start_ms for start_ms, _ in timed), default=segment.from_ms)
        end_ms = max((end_ms for _, end_ms in timed), default=gap[-1].seen_ms)
        span = self.began(start_ms, max(start_ms, end_ms), vad_missed=True)
        for entry in gap:
            entry.owner = span.number
        return span

    def _place(self, segment: Segment) -> None:
        """Find whose the segment's words are; an utterance that holds some now is touched."""
        segment.owners = [self.spans.number_at(place) for place in self._places(segment)]
        segment.numbers = frozenset(segment.owners)
        segment.placed = True
        self._touched |= segment.numbers

    def _places(self, segment: Segment) -> list[int]:
        """Rules 2 and 4: places on the line of spans.

        Times are certain, a turn that took a word is likely, the first hypothesis that held it is a bound: what was
        known before an utterance began is not of it, and what no one took is of the last one begun before. Each kind of
        evidence yields to the one before it, and the places never go back.
        """
        entries, last = segment.entries, self.spans.last_place
        places = [0] * len(entries)
        low, known_ms = last, UNBOUND_MS
        spoken_before_ms = UNBOUND_MS
        for i in range(len(entries) - 1, -1, -1):
            entry = entries[i]
            known_ms = min(known_ms, entry.seen_ms)
            spoken_before_ms = min(spoken_before_ms, known_ms)
            if entry.middle_ms is not None:
                places[i] = self.spans.place_at(entry.middle_ms)
                low = min(low, places[i])
            elif entry.owner is not None and entry.owner in self.spans:
                places[i] = min(self.spans.place_of(entry.owner), low)
            else:
                after = places[i + 1] if i + 1 < len(entries) else last
                places[i] = min(self._spoken_by(segment, i, spoken_before_ms, known_ms), low, after)
            spoken_before_ms -= len(entry.text) * MIN_LETTER_MS
        for i in range(1, len(places)):
            places[i] = max(places[i], places[i - 1])
        return places

    def _spoken_by(self, segment: Segment, at: int, before_ms: int, known_ms: int) -> int:
        """The last utterance in which one of a segment's words can have been spoken whole before a time; it was known
        by ``known_ms``."""
        needs_ms = max(MIN_WORD_MS, len(segment.entries[at].text) * MIN_LETTER_MS)
        place = self.spans.place_begun_by(before_ms - needs_ms, known_ms, heard_from_ms=segment.from_ms)
        return min(place, self._by_voice(segment.entries, at))

    def _by_voice(self, entries: list[Entry], at: int) -> int:
        """Words that one hypothesis brought were spoken since the one before it: by their letters, over the voice of
        that time. Good where an engine said nothing for a while and the words of two utterances came at once."""
        entry = entries[at]
        first = last = at
        while first > 0 and entries[first - 1].lacked_ms == entry.lacked_ms:
            first -= 1
        while last + 1 < len(entries) and entries[last + 1].lacked_ms == entry.lacked_ms:
            last += 1
        if first == 0:
            return self.spans.last_place  # nothing of the segment was known before
        letters = [len(one.text) for one in entries[first : last + 1]]
        before = sum(letters[: at - first]) + len(entry.text) / 2
        return self.spans.place_in_voice(entry.lacked_ms, entry.seen_ms, before / sum(letters))
