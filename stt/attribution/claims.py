"""One-shot claims: what the one-shot recogniser heard of an utterance, beside what the streams heard of it.

Rule 5 of attribution: one-shot words stand in the same ledger, aligned with the neighbours first. An utterance's
one-shot claims the words that it heard too from untimed neighbours, gives the neighbours what a hypothesis held beyond
it, and leaves out what a neighbour's timed words hold. A result without words settles nothing and erases nothing.

Pure. Knows no streams. All times are ms of media time.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from difflib import SequenceMatcher
from itertools import islice

from stt.attribution.alignment import Entry, alike
from stt.attribution.placement import Placement
from stt.attribution.segments import MAX_LOOKBACK_MS, Segment, Segments
from stt.attribution.spans import MAX_GAP_MS, MIN_WORD_MS, UNBOUND_MS, Span
from stt.word_times import LETTER_MS, key


class OneShotClaims:
    """By the numbers of their utterances."""

    def __init__(self, segments: Segments, placement: Placement) -> None:
        self._segments = segments
        self._placement = placement
        self._words: dict[int, tuple[str, ...]] = {}
        self._given_ms: dict[int, tuple[int, int]] = {}
        """From where to where a one-shot was given audio."""

    # Audio

    def borders(self, number: int) -> tuple[int, int]:
        """From where to where audio is this utterance's and no neighbour's: half-way through the silences around it."""
        from_ms, to_ms, spans = 0, UNBOUND_MS, self._placement.spans
        if number not in spans:
            return from_ms, to_ms
        span, before, after = spans[number], next(spans.before(number), None), spans.after(number)
        if before is not None:
            from_ms = (before.end_ms + span.start_ms) // 2 if before.end_ms is not None else 0
            # What its one-shot was given before this utterance began is not heard again, and what it was not is not
            # left out.
            _, from_ms = self._given_ms.get(before.number, (0, from_ms))
            from_ms = min(from_ms, span.start_ms)
        if after is not None and span.end_ms is not None:
            to_ms = (span.end_ms + after.start_ms) // 2
        return from_ms, to_ms

    def asked(self, number: int, from_ms: int, to_ms: int) -> None:
        """The one-shot recogniser is given this much audio: a word on its edge is heard twice."""
        self._given_ms[number] = from_ms, to_ms
        self._placement.touch([number])

    # Words

    def heard(self, number: int, words: tuple[str, ...]) -> None:
        """A one-shot has heard these words, one or more, in an utterance that is known."""
        self._claim(self._placement.spans[number], words)
        self._words[number] = words
        self._placement.touch([number])
        for segment in self._segments:
            if segment.provisional:
                self._release(segment, number)

    def settled(self, segment: Segment) -> None:
        """A segment has been settled after one-shots have heard what is in it."""
        self._claim_late(segment)
        if segment.provisional:
            for number in self._words.keys() & self._placement.numbers(segment):
                self._release(segment, number)

    def numbers(self) -> Set[int]:
        """The utterances in which a one-shot has heard words."""
        return self._words.keys()

    def words(self, number: int) -> tuple[str, ...]:
        """What the one-shot heard; empty when there was none."""
        return self._words.get(number, ())

    def own_words(self, number: int) -> tuple[str, ...]:
        """One-shot words without those on the edges of its audio that a neighbour's timed words hold."""
        words = self._words.get(number, ())
        if not words or number not in self._given_ms:
            return words
        from_ms, to_ms = self._given_ms[number]
        before, after = next(self._placement.spans.before(number), None), self._placement.spans.after(number)
        begin = [key(entry.text) for entry in self._timed(before) if (entry.end_ms or 0) > from_ms]
        end = [key(entry.text) for entry in self._timed(after) if (entry.start_ms or 0) < to_ms]
        said = [key(text) for text in words]
        first = next((n for n in range(min(len(begin), len(said)), 0, -1) if begin[-n:] == said[:n]), 0)
        last = next((n for n in range(min(len(end), len(said) - first), 0, -1) if end[:n] == said[-n:]), 0)
        return words[first : len(words) - last]

    def touched_by(self, touched: set[int]) -> set[int]:
        """These utterances and those whose one-shot leaves out what they hold."""
        touched = set(touched)
        for number in self._words.keys() - touched:
            if not touched.isdisjoint(self._placement.spans.beside(number)):
                touched.add(number)
        return touched

    def forget(self, number: int) -> None:
        """The utterance is gone from the line of spans."""
        self._words.pop(number, None)
        self._given_ms.pop(number, None)

    # Claims

    def _claim(self, span: Span, texts: Sequence[str]) -> None:
        """Untimed words beside this utterance that its one-shot heard too are this utterance's."""
        end_ms = span.end_ms if span.end_ms is not None else span.start_ms
        near = [
            entry
            for segment in self._segments
            for entry, owner in zip(segment.entries, self._placement.owners(segment), strict=True)
            if owner != span.number
            and entry.middle_ms is None
            and entry.seen_ms > span.start_ms
            and max(segment.from_ms, entry.lacked_ms - MAX_GAP_MS) < end_ms
        ]
        matcher = SequenceMatcher(None, [key(e.text) for e in near], [key(t) for t in texts], autojunk=False)
        for block in matcher.get_matching_blocks():
            for entry in near[block.a : block.a + block.size]:
                entry.owner = span.number
        self._placement.spans_changed(span.start_ms)

    def _claim_late(self, segment: Segment) -> None:
        """Untimed words that a neighbour's one-shot has heard already are that neighbour's, not the next one's."""
        if not self._words or not segment.entries or segment.entries[-1].middle_ms is not None:
            return
        # Its first word was spoken before the others: a final of many words may bring them all at once.
        letters = sum(len(entry.text) for entry in segment.entries[1:])
        from_ms = segment.entries[0].seen_ms - MAX_LOOKBACK_MS - letters * LETTER_MS
        for number, texts in self._words.items():
            span = self._placement.spans[number]
            if span.end_ms is not None and from_ms <= span.end_ms:
                has = [key(entry.text) for _, mine in self._placement.words_of(number) for entry in mine]
                missing = [text for text in texts if key(text) not in has]
                if missing and span.start_ms < segment.entries[-1].seen_ms:
                    self._claim(span, missing)

    def _release(self, segment: Segment, number: int) -> None:
        """A hypothesis' words around those that this utterance's one-shot heard are the neighbours', not nobody's."""
        mine = self._placement.words_in(segment, number)
        around = _around(mine, self._words[number])
        if around is None:
            return
        # Only what can have been spoken there: the others were misheard.
        span = self._placement.spans[number]
        ahead = [entry for entry in around[0] if entry.lacked_ms < span.start_ms]
        behind = [entry for entry in around[1] if span.end_ms is not None and entry.seen_ms > span.end_ms]
        nearest = list(islice(self._placement.spans.before(number), 2))
        before = next((one for one in nearest if self._ends_with(one.number, ahead)), nearest[0] if nearest else None)
        after = self._placement.spans.after(number)
        if before is not None and before.end_ms is not None and before.end_ms < segment.from_ms + MIN_WORD_MS:
            # That one was over when its audio began: only what was known before this utterance is not of this one.
            ahead = [entry for entry in ahead if entry.seen_ms <= span.start_ms]
        for entries, neighbour in ((ahead, before), (behind, after)):
            for entry in entries:
                entry.owner = neighbour.number if neighbour is not None else number
        self._placement.changed(segment)

    def _ends_with(self, number: int, entries: Sequence[Entry]) -> bool:
        """An utterance's one-shot heard these words last."""
        texts = [key(text) for text in self.words(number)]
        return bool(entries) and texts[-len(entries) :] == [key(entry.text) for entry in entries]

    def _timed(self, span: Span | None) -> list[Entry]:
        """An utterance's settled words whose time is known."""
        of_span = self._placement.words_of(span.number) if span is not None else []
        entries = [entry for segment, mine in of_span if segment.settled for entry in mine]
        return [entry for entry in entries if entry.middle_ms is not None]


def _around(mine: list[Entry], one_shot: Sequence[str]) -> tuple[list[Entry], list[Entry]] | None:
    """The words of a hypothesis ahead of and behind those that a one-shot heard too; None when they are the same speech
    in other words."""
    texts = [key(text) for text in one_shot]
    matcher = SequenceMatcher(None, [key(entry.text) for entry in mine], texts, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return None if not mine or alike([entry.text for entry in mine], texts) else (mine, [])
    first, last = blocks[0], blocks[-1]
    ahead = mine[: first.a] if first.b == 0 else []
    behind = mine[last.a + last.size :] if last.b + last.size == len(texts) else []
    return ahead, behind
