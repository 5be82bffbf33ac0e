"""Attribution: which turn does each recognised word belong to.

The recogniser has its own segments; our utterances overlap them in every way: a segment over three utterances, an
utterance over two segments, a final long after the next utterance began. This ledger holds every word that any engine
gave, exactly once, and answers at any moment which of them are an utterance's share.

How: nothing is ever *moved* from turn to turn. A word carries evidence (its time, if the engine gave one; the turn
that took it; the end of the first hypothesis that held it), and its utterance follows from the evidence of the whole
segment, in order. A newer hypothesis is aligned with the one before it and its words inherit the evidence, so words
that are revised, merged, split or dropped cannot be given out twice.

Owns no clock and no audio; knows no Django, no asyncio, no engine. All times are ms of media time. Never raises on any
order of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stt.attribution.alignment import (
    Entry,
    alike,
    in_order,
    key,
    merge,
    reaching,
    set_times,
    with_times_guessed,
)
from stt.attribution.claims import OneShotClaims
from stt.attribution.placement import Placement
from stt.attribution.segments import Segment, Segments
from stt.attribution.spans import Span
from stt.attribution.streams import Streams, StreamState, known_end_ms
from stt.events import Final, Interim, Word

MAX_OVERLAP_MS = 700
"""The next stream has heard up to this long before it took over: 500 ms, and a word on the edge."""
MIN_SHARED_MS = 40
"""A word that two streams give is one word when its times overlap by this much: said twice it has a pause between."""


@dataclass(frozen=True, slots=True)
class Share:
    """What the ledger holds for one utterance at this moment."""

    words: tuple[str, ...]
    settled: bool
    """All come from finals, one-shots or closed streams: no word can change any more but by times or later evidence."""
    heard_to_ms: int | None
    """Media time up to which the engine has listened, by the newest result with a known end; None: unknown."""

    @property
    def text(self) -> str:
        return " ".join(self.words)


class Attribution:
    """The ledger of one call's words. Not thread-safe; every method returns at once."""

    def __init__(self, first_number: int = 1) -> None:
        self._segments = Segments()
        self._placement = Placement(self._segments, first_number)
        self._streams = Streams(self._segments)
        self._claims = OneShotClaims(self._segments, self._placement)
        self._vad_missed: list[Span] = []

    # Utterances

    def began(self, start_ms: int) -> int:
        """An utterance has begun; returns its number, from 1."""
        return self._placement.began(start_ms).number

    def ended(self, number: int, end_ms: int) -> None:
        self._placement.ended(number, end_ms)

    def span(self, number: int) -> Span:
        """Raises KeyError when there is none, or it was forgotten."""
        return self._placement.spans[number]

    @property
    def heard_to_ms(self) -> int | None:
        """Media time up to which some engine has listened; None: unknown."""
        return self._streams.heard_to_ms

    def borders(self, number: int) -> tuple[int, int]:
        """From where to where audio is this utterance's and no neighbour's: half-way through the silences around it."""
        return self._claims.borders(number)

    @property
    def size(self) -> tuple[int, int]:
        """How many segments and utterances it holds: few, in a call of hours too, when what is old is forgotten."""
        return len(self._segments), len(self._placement.spans)

    def take_vad_missed(self) -> list[Span]:
        """Utterances that only the recogniser heard, each handed out once."""
        spans, self._vad_missed = self._vad_missed, []
        return spans

    # Results

    def interim(self, event: Interim, *, fed_ms: int) -> None:
        """A newer hypothesis. ``fed_ms``: media time up to which audio was given to the stream."""
        stream = self._streams.of(event.stream)
        words = self._without_overlap(stream, tuple(word for word in event.words if word))
        if not words or self._streams.is_repeat(stream, words, event.end_ms):
            return
        seen_ms = known_end_ms(event.end_ms, fed_ms)
        segment = self._streams.segment(stream, words)
        if segment.is_ended_by(words, seen_ms):
            # Its final never came: what was said stands as it was last said.
            segment.provisional = True
            self._settle(segment)
            stream.settled_to(segment.newest_ms)
            segment = self._streams.new_segment(stream)
        self._streams.note_end(event.end_ms, fed_ms)
        segment.revise(words, seen_ms=seen_ms)
        segment.newest_ms = seen_ms
        self._placement.changed(segment)

    def final(self, event: Final, *, fed_ms: int) -> None:
        """The settled words of the stream's segment. Without words it settles nothing and erases nothing."""
        stream = self._streams.of(event.stream)
        said = tuple(word for word in event.words if word.text)
        if not said:
            if stream.open is not None:
                stream.open.withheld = True
            return
        words = tuple(word for word in self._owned(stream, said, event.end_ms) if not self._segments.hold(word))
        if not words and self._is_all_behind_the_cut(stream, said):
            self._void(stream)
        if not words or self._streams.is_repeat(stream, tuple(word.text for word in said), event.end_ms):
            return
        texts = tuple(word.text for word in words)
        end_ms = known_end_ms(event.end_ms, fed_ms)
        segment = self._streams.segment(stream, texts)
        self._streams.note_end(event.end_ms, fed_ms)
        left_out = segment.revise(texts, seen_ms=end_ms)
        set_times(segment.entries, words, latest_ms=fed_ms)
        self._placement.changed(segment)
        self._take_back(segment)
        if event.end_ms:
            stream.settled_to(end_ms)
        self._settle(segment)
        self._give_deferred(stream.number, event.end_ms)
        if left_out and stream.until_ms is None:
            # Spoken after a final that ends before the hypothesis did: it lives on in the next segment.
            after = [entry for entry in left_out if entry.lacked_ms >= end_ms]
            segment = self._streams.new_segment(stream)
            segment.entries, segment.dropped = after, [] if after else left_out

    def closed(self, stream: int, *, fed_ms: int = 0) -> None:
        """No result follows on this stream: its last hypotheses are as good as final, until a one-shot says better.

        ``fed_ms``: media time up to which audio was fed.
        """
        state = self._streams.of(stream)
        state.open, until_ms = None, state.until_ms
        for segment in self._segments:
            if segment.stream == stream and not segment.settled:
                if until_ms is not None:
                    segment.entries = [entry for entry in segment.entries if entry.lacked_ms < until_ms]
                    self._placement.changed(segment)
                segment.provisional = True
                self._settle(segment)
        if until_ms is not None:
            self._streams.of(stream + 1).said_before = self._last_words(stream, until_ms - MAX_OVERLAP_MS)
        self._streams.begins_ms = max(self._streams.begins_ms, (until_ms or fed_ms) - MAX_OVERLAP_MS)
        self._give_deferred(stream, None)
        # One that is empty and open on another stream is still to have words.
        self._segments.keep([s for s in self._segments if s.entries or self._streams.is_open(s)])

    def asked(self, number: int, from_ms: int, to_ms: int) -> None:
        """The one-shot recogniser is given this much audio for an utterance: a word on its edge is heard twice."""
        self._claims.asked(number, from_ms, to_ms)

    def one_shot(self, number: int, words: Sequence[str]) -> None:
        """What the one-shot recogniser heard in an utterance; it claims the same words from untimed neighbours."""
        texts = tuple(word for word in words if word)
        if texts and number in self._placement.spans:
            self._claims.heard(number, texts)

    # Answers

    def share(self, number: int) -> Share:
        """All words that are this utterance's by the evidence so far."""
        one_shot = self._claims.words(number)
        entries: list[Entry] = []
        settled = True
        for segment, mine in self._placement.words_of(number):
            if segment.stands_beside(one_shot):
                entries += mine
            elif mine and not one_shot:
                # A one-shot is settled: no hypothesis stands beside it.
                entries += mine
                settled = False
        return Share(
            words=merge(self._claims.own_words(number), in_order(entries)),
            settled=settled,
            heard_to_ms=self._streams.heard_to_ms,
        )

    def take(self, number: int) -> None:
        """A turn was accepted with its share: those words are its own, whatever a newer hypothesis makes of them."""
        self._placement.take(number)

    def heard_words(self, number: int) -> tuple[str, ...]:
        """An accepted turn's words by now: what is settled, and of what is not, what it took."""
        one_shot = self._claims.words(number)
        entries = [
            entry
            for segment, mine in self._placement.words_of(number)
            for entry in mine
            if segment.stands_beside(one_shot) or (entry.owner == number and not one_shot)
        ]
        return merge(self._claims.own_words(number), in_order(entries))

    def take_touched(self) -> set[int]:
        """Utterances whose ``heard_words`` may have changed since this was last asked: a final is of few of them."""
        return self._claims.touched_by(self._placement.take_touched())

    def waits_for(self, number: int) -> bool:
        """Words of this utterance are still unsettled; a one-shot has settled it."""
        return number in self.unsettled()

    def unsettled(self) -> set[int]:
        """The utterances that have words which a final may still change."""
        return self._without_one_shot(segment for segment in self._segments if not segment.settled)

    def provisional(self) -> set[int]:
        """The utterances with words that stand by a hypothesis alone: no final came."""
        return self._without_one_shot(segment for segment in self._segments if segment.provisional)

    def _without_one_shot(self, segments: Iterable[Segment]) -> set[int]:
        """The utterances that hold words of these segments, but those that a one-shot has settled."""
        return self._placement.numbers_of(segments) - self._claims.numbers()

    def renewed(self, stream: int, at_ms: int) -> None:
        """The next stream has taken over: words spoken from ``at_ms`` on are its own. Both heard the moment before."""
        self._streams.of(stream).until_ms = at_ms
        self._streams.of(stream + 1).from_ms = at_ms

    def forget_before(self, at_ms: int) -> None:
        """Drop what lies wholly before a media time, so that a call of hours stays as small as one of minutes."""
        kept = [segment for segment in self._segments if segment.reaches(at_ms)]
        held = {number for segment in kept for number in self._placement.numbers(segment)}
        # Nothing that is kept belongs to a span that goes: whose words are whose stands.
        for number in self._placement.spans.forget_before(at_ms, held):
            self._claims.forget(number)
        self._segments.keep(kept)
        self._streams.forget()

    # Evidence

    def _take_back(self, final: Segment) -> None:
        """A hypothesis that no final settled, and a final that says at its time as many words: it was misheard."""
        for segment in self._segments:
            if segment.is_misheard(final):
                segment.entries = []
                self._placement.changed(segment)

    def _settle(self, segment: Segment) -> None:
        if self._streams.is_open(segment):
            self._streams.of(segment.stream).open = None
        segment.settle()
        self._placement.touch(self._placement.numbers(segment))
        self._claims.settled(segment)
        self._vad_missed += self._placement.add_missed(segment)
        self._placement.hold_untimed(segment)

    def _owned(self, stream: StreamState, words: tuple[Word, ...], end_ms: int | None) -> tuple[Word, ...]:
        """A final's words that are this stream's, where it shares a moment with another."""
        until_ms, from_ms = stream.until_ms, stream.from_ms
        if until_ms is None and from_ms is None:
            return words
        if all(word.start_ms is None or word.end_ms is None for word in words):
            kept = self._without_overlap(stream, tuple(word.text for word in words))
            return words[len(words) - len(kept) :]
        owned = []
        for word, guessed in zip(words, with_times_guessed(words, end_ms), strict=True):
            middle_ms = _middle_ms(guessed) or 0
            before = until_ms is None or middle_ms < until_ms
            after = from_ms is None or middle_ms >= from_ms or not self._was_heard_before(stream.number, guessed)
            if before and after and not self._was_said_before_the_cut(stream, guessed):
                owned.append(word)
            elif not before:
                stream.deferred.append(guessed)
        return tuple(owned)

    def _was_heard_before(self, stream: int, word: Word) -> bool:
        """A stream before this one has said a word there: at this time, or the same one without a time."""
        if word.start_ms is None or word.end_ms is None:
            return True
        for segment in self._segments:
            for entry in segment.entries if segment.stream < stream else ():
                if entry.start_ms is None or entry.end_ms is None:
                    if key(entry.text) == key(word.text) and entry.seen_ms >= word.start_ms:
                        return True
                elif min(entry.end_ms, word.end_ms) - max(entry.start_ms, word.start_ms) > MIN_SHARED_MS:
                    return True
        return False

    def _give_deferred(self, stream: int, heard_to_ms: int | None) -> None:
        """This stream has spoken up to here (None: for good): what it left out of the words that the one before it left
        to it is that one's."""
        before = self._streams.of(stream - 1)
        left, before.deferred = before.deferred, []
        words = []
        for word in left:
            if heard_to_ms is not None and (word.end_ms or 0) > heard_to_ms:
                before.deferred.append(word)
            elif not self._was_heard_before(stream + 1, word):
                words.append(word)
        if words:
            segment = Segment(stream - 1, from_ms=words[0].start_ms or 0)
            segment.entries = [
                Entry(word.text, word.end_ms or 0, word.start_ms or 0, None, word.start_ms, word.end_ms)
                for word in words
            ]
            self._segments.add(segment)
            self._settle(segment)
            self._placement.changed(segment)

    def _is_all_behind_the_cut(self, stream: StreamState, words: tuple[Word, ...]) -> bool:
        """A final all of whose words are the next stream's."""
        middles_ms = [_middle_ms(word) for word in words]
        return stream.until_ms is not None and all(ms is not None and ms >= stream.until_ms for ms in middles_ms)

    def _void(self, stream: StreamState) -> None:
        """What the stream's open segment said, another one says."""
        segment, stream.open = stream.open, None
        if segment is not None:
            segment.entries = []
            self._placement.changed(segment)

    def _was_said_before_the_cut(self, stream: StreamState, word: Word) -> bool:
        """A word on the cut, heard by both streams: the one before has said it, and their times overlap."""
        from_ms = stream.from_ms
        if from_ms is None or word.start_ms is None or word.start_ms > from_ms - MIN_SHARED_MS:
            return False
        return any(
            key(entry.text) == key(word.text)
            and entry.end_ms is not None
            and entry.end_ms >= word.start_ms + MIN_SHARED_MS
            for segment in self._segments
            if segment.stream == stream.number - 1 and segment.settled
            for entry in segment.entries[-1:]
        )

    def _without_overlap(self, stream: StreamState, words: tuple[str, ...]) -> tuple[str, ...]:
        """A hypothesis of a stream's first segment without the words that the stream before it said last."""
        said_before = stream.said_before
        if not said_before or stream.settled_to_ms is not None:
            return words
        for length in range(len(said_before), 0, -1):
            # By letters: a hypothesis may have split a word, and the rest of it is none of its own.
            again = reaching(words, sum(map(len, said_before[-length:])) - 1)
            if again >= min(length, len(words)) and alike(said_before[-length:], words[:again]):
                return words[again:]
        return words

    def _last_words(self, stream: int, from_ms: int) -> tuple[str, ...]:
        return tuple(
            entry.text
            for segment in self._segments
            if segment.stream <= stream
            for entry in segment.entries
            if (entry.middle_ms if entry.middle_ms is not None else entry.seen_ms) >= from_ms
        )


def _middle_ms(word: Word) -> int | None:
    return None if word.start_ms is None or word.end_ms is None else (word.start_ms + word.end_ms) // 2
