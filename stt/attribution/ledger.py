"""Attribution: which turn does each recognised word belong to.

The recogniser has its own segments; our utterances overlap them in every way: a segment over three utterances, an
utterance over two segments, a final long after the next utterance began. This ledger holds every word that any engine
gave, exactly once, and answers at any moment which of them are an utterance's share.

How: nothing is ever *moved* from turn to turn. A word carries evidence (its time, if the engine gave one; the turn
that took it; the end of the first hypothesis that held it), and its utterance follows from the evidence of the whole
segment, in order. A newer hypothesis is aligned with the one before it and its words inherit the evidence, so words
that are revised, merged, split or dropped cannot be given out twice.

The rules are numbered in docs/attribution.md, each beside the code that holds it: segments.py (1 to 3),
placement.py (2 and 4), claims.py (5), streams.py (6), handover.py (8 and 9). This module puts them in order.

Owns no clock and no audio; knows no Django, no asyncio, no engine. Times: ms of media time. No order of calls raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stt.attribution.alignment import Entry, in_order, merge, set_times
from stt.attribution.claims import OneShotClaims
from stt.attribution.handover import Handover
from stt.attribution.placement import Placement
from stt.attribution.segments import Segment, Segments
from stt.attribution.share import Share
from stt.attribution.spans import Span
from stt.attribution.streams import Streams, StreamState, known_end_ms
from stt.events import Final, Interim, Word


class Attribution:
    """The ledger of one call's words. Not thread-safe; every method returns at once."""

    def __init__(self, first_number: int = 1) -> None:
        self._segments = Segments()
        self._placement = Placement(self._segments, first_number)
        self._streams = Streams(self._segments)
        self._handover = Handover(self._segments, self._streams, self._placement.spans)
        self._claims = OneShotClaims(self._segments, self._placement)
        self._vad_missed: list[Span] = []
        """Utterances that only the recogniser heard, not yet handed out."""

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
        """From where to where audio is this utterance's and no neighbour's, nor a later stream's without times."""
        from_ms, to_ms = self._claims.borders(number)
        end_ms = self.span(number).end_ms if number in self._placement.spans else None
        return from_ms, min(to_ms, self._handover.apart_to_ms(end_ms))

    @property
    def tell_times(self) -> bool:
        """The engine can say when words were spoken, and its last final did."""
        return self._streams.tell_times

    @tell_times.setter
    def tell_times(self, tell: bool) -> None:
        self._streams.tell_times = tell

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
        said = tuple(filter(None, event.words))
        words = self._handover.own_texts(stream, said)
        if said and not words and stream.open is not None:
            self._erase(stream.open)  # what seemed its own was misheard
        if not words or self._streams.is_repeat(stream, words, event.end_ms):
            return
        seen_ms = known_end_ms(event.end_ms, fed_ms)
        segment = self._streams.segment(stream, words)
        if segment.is_ended_by(words, seen_ms):
            self._settle_as_it_is(segment)
            stream.settled_to(segment.newest_ms)
            stream.said_before = ()
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
            stream.withhold()
            return
        if stream.says_again(tuple(word.text for word in said), event.end_ms, fed_ms):
            return
        own, deferred = self._handover.divide(stream, said, event.end_ms)
        stream.deferred += deferred
        words = [word for word in own if not self._segments.hold(word)]
        if not words and stream.open is not None and self._handover.is_the_next_ones(stream, said):
            self._erase(stream.open)
            stream.open = None
        if words and not self._streams.is_repeat(stream, tuple(word.text for word in said), event.end_ms):
            self._final(stream, words, event.end_ms, fed_ms)

    def _final(self, stream: StreamState, words: Sequence[Word], result_end_ms: int | None, fed_ms: int) -> None:
        """New settled words, one or more, of the stream's segment."""
        texts = [word.text for word in words]
        end_ms = known_end_ms(result_end_ms, fed_ms)
        segment = self._streams.segment(stream, texts)
        self._streams.note_end(result_end_ms, fed_ms)
        left_out = segment.revise(texts, seen_ms=end_ms)
        set_times(segment.entries, words, latest_ms=fed_ms)
        self._placement.changed(segment)
        for one in self._segments:
            if one.is_misheard(segment):
                self._erase(one)
        if result_end_ms:
            stream.settled_to(end_ms)
        self._settle(segment)
        self._settle_left_out(stream, result_end_ms)
        if left_out and stream.until_ms is None:
            self._carry_over(stream, left_out, end_ms)

    def opened(self, stream: int, fed_from_ms: int) -> None:
        """A stream is fed from this media time on."""
        self._handover.opened(self._streams.of(stream), fed_from_ms)

    def closed(self, stream: int, *, fed_ms: int = 0) -> None:
        """No result follows on this stream: its last hypotheses are as good as final, until a one-shot says better.
        ``fed_ms``: media time up to which audio was fed."""
        state = self._streams.of(stream)
        state.open = None
        for segment in self._segments:
            if segment.stream == stream and not segment.settled:
                if state.until_ms is not None:
                    segment.entries = [entry for entry in segment.entries if entry.lacked_ms < state.until_ms]
                    self._placement.changed(segment)
                self._settle_as_it_is(segment)
        self._handover.closed(state, fed_ms)
        self._settle_left_out(state, None)
        # One that is empty and open on another stream is still to have words.
        self._segments.keep([s for s in self._segments if s.entries or self._streams.is_open(s)])

    def replayed(self, stream: int, first: int, from_ms: int, quiet_ms: int, *, fed_ms: int) -> int:
        """The stream has failed, and the next one is given the audio again from ``from_ms`` on, in utterance ``first``.
        Instead of ``closed``; returns from where on words are its own: where nothing was settled, ``from_ms``. Finals
        stand, and words before ``first``; other hypotheses are given up. ``quiet_ms``: in the silence before it."""
        state, before = self._streams.of(stream), self._streams.of(stream - 1)
        state.deferred, before.deferred = before.deferred + state.deferred, []
        from_ms = max(from_ms, state.settled_to_ms or 0)
        for segment in self._segments:
            if segment.stream == stream and not segment.settled:
                self._placement.keep_before(segment, first)
                self._settle_as_it_is(segment)
        self._handover.renewed(stream, from_ms)
        self.closed(stream, fed_ms=fed_ms)
        if from_ms == quiet_ms:
            self._streams.of(stream + 1).said_before = ()
        self._streams.listens_from(from_ms)
        return from_ms

    def renewed(self, stream: int, at_ms: int) -> None:
        """The next stream has taken over: words spoken from ``at_ms`` on are its own. Both heard the moment before."""
        self._handover.renewed(stream, at_ms)

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
        settled, stream = True, None
        for segment, mine in self._placement.words_of(number):
            stands = segment.stands_beside(one_shot)
            if not stands and (one_shot or not mine):
                continue  # a one-shot is settled: no hypothesis stands beside it
            entries, settled = entries + mine, settled and stands
            stream = max(segment.stream, stream or 0)
        return Share(
            words=merge(self._claims.own_words(number), in_order(entries)),
            settled=settled,
            heard_to_ms=self._streams.heard_to_ms,
            stream=stream,
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

    def forget_before(self, at_ms: int) -> None:
        """Drop what lies wholly before a media time, so that a call of hours stays as small as one of minutes."""
        kept = [segment for segment in self._segments if segment.reaches(at_ms)]
        held = {number for segment in kept for number in self._placement.numbers(segment)}
        # Nothing that is kept belongs to a span that goes: whose words are whose stands.
        for number in self._placement.spans.forget_before(at_ms, held):
            self._claims.forget(number)
        self._segments.keep(kept)
        self._handover.forget()

    # What follows

    def _settle(self, segment: Segment) -> None:
        """Rule 3: the segment's words are settled; rule 4: those that nobody took find their utterance."""
        if self._streams.is_open(segment):
            self._streams.of(segment.stream).open = None
        segment.settle()
        self._placement.touch(self._placement.numbers(segment))
        self._claims.settled(segment)
        self._vad_missed += self._placement.add_missed(segment)
        self._placement.hold_untimed(segment)

    def _settle_as_it_is(self, segment: Segment) -> None:
        """Rule 3: no final follows, so what was said stands as it was last said."""
        segment.provisional = True
        self._settle(segment)

    def _settle_left_out(self, stream: StreamState, heard_to_ms: int | None) -> None:
        """Rule 8: this stream has spoken up to here (None: for good); what it left out of the words that the one before
        it left to it is that one's."""
        words = self._handover.take_left_out(stream, heard_to_ms)
        if words:
            segment = Segment.of_words(stream.number - 1, words)
            self._segments.add(segment)
            self._settle(segment)
            self._placement.changed(segment)

    def _carry_over(self, stream: StreamState, left_out: list[Entry], end_ms: int) -> None:
        """Rule 1: what was spoken after a final that ends before the hypothesis did lives on in the next segment."""
        after = [entry for entry in left_out if entry.lacked_ms >= end_ms]
        segment = self._streams.new_segment(stream)
        segment.entries, segment.dropped = after, [] if after else left_out

    def _erase(self, segment: Segment) -> None:
        """Another segment says what this one said."""
        self._placement.keep_before(segment, 0)
