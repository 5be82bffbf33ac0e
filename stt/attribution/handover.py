"""Handover: which of two streams' words are whose, where one took over from the other.

Rules 8 and 9 of attribution: a renewal's border divides ownership, by word time or alignment; two streams can have
heard the same word only where both heard the audio, and a word that is said again behind the border is a second one.

Pure. Knows no utterances. All times are ms of media time.
"""

from __future__ import annotations

from collections.abc import Sequence

from stt.attribution.alignment import repeated
from stt.attribution.segments import Segments
from stt.attribution.shared_voice import SharedVoice
from stt.attribution.spans import UNBOUND_MS, Spans
from stt.attribution.streams import Streams, StreamState
from stt.events import Word
from stt.word_times import key, with_times_guessed

MAX_OVERLAP_MS = 700
"""The next stream has heard up to this long before it took over: 500 ms, and a word on the edge."""
MIN_SHARED_MS = 40
"""A word that two streams give is one word when its times overlap by this much: said twice it has a pause between."""


class Handover:
    """The borders between a call's streams."""

    def __init__(self, segments: Segments, streams: Streams, spans: Spans) -> None:
        self._segments = segments
        self._streams = streams
        self._shared = SharedVoice(spans)

    def renewed(self, stream: int, at_ms: int) -> None:
        """Rule 8: words spoken from here on are the next stream's. Both heard the moment before. Comes again when the
        border moves."""
        self._streams.of(stream).until_ms = at_ms
        self._streams.of(stream + 1).from_ms = at_ms

    def opened(self, stream: StreamState, fed_from_ms: int) -> None:
        """Rule 9: the stream is fed from here on, and may say first what others said of the audio that they were fed
        too."""
        stream.fed_from_ms = fed_from_ms
        self._may_repeat(stream, fed_from_ms)

    def closed(self, stream: StreamState, fed_ms: int) -> None:
        """No result follows on this stream; it was fed up to here."""
        self._shared.ended(fed_ms)
        begins_ms = (stream.until_ms if stream.until_ms is not None else fed_ms) - MAX_OVERLAP_MS
        self._streams.begins_ms = max(self._streams.begins_ms, begins_ms)
        if stream.until_ms is not None:
            # Until the next one says where it is fed from.
            self._may_repeat(self._streams.of(stream.number + 1), begins_ms)

    def _may_repeat(self, stream: StreamState, fed_from_ms: int) -> None:
        self._shared.began(stream.number, fed_from_ms)
        stream.said_before = self._last_words(stream.number - 1, fed_from_ms)

    def own_texts(self, stream: StreamState, words: tuple[str, ...]) -> tuple[str, ...]:
        """Rule 9 without times: a hypothesis without the words that the streams before this one have said."""
        return words[self._repeated(stream, words)[0] :]

    def _repeated(self, stream: StreamState, words: tuple[str, ...]) -> tuple[int, int]:
        if not stream.said_before:
            return 0, 0
        return repeated(stream.said_before, words, self._shared.voiced_ms(stream.number))

    def settled(self, stream: StreamState, words: tuple[str, ...]) -> int:
        """The stream has settled these words; returns how many of them the streams before it have said. It can go on
        with what is left of theirs; with words of its own it has come to an end of them."""
        count, again = self._repeated(stream, words)
        stream.said_before = stream.said_before[again:] if count == len(words) else ()
        return count

    def divide(
        self, stream: StreamState, words: tuple[Word, ...], end_ms: int | None
    ) -> tuple[tuple[Word, ...], list[Word]]:
        """Rule 8: a final's words that are this stream's own, and those that are the next one's to say."""
        self._streams.tell_times = any(word.end_ms is not None for word in words)
        again = self.settled(stream, tuple(word.text for word in words))
        if all(word.start_ms is None or word.end_ms is None for word in words):
            return words[again + self._repeats_its_last(stream, words[again:]) :], []
        if stream.until_ms is None and stream.from_ms is None:
            return words, []
        own, deferred = [], []
        for word, guessed in zip(words, with_times_guessed(words, end_ms), strict=True):
            middle_ms = _middle_ms(guessed) or 0
            if stream.until_ms is not None and middle_ms >= stream.until_ms:
                deferred.append(guessed)
            elif not self._is_of_one_before(stream, guessed, middle_ms):
                own.append(word)
        return tuple(own), deferred

    def _repeats_its_last(self, stream: StreamState, words: Sequence[Word]) -> bool:
        """Rule 1 without times: a final begins with the last word of the one before it, and the hypotheses of its
        segment began with its second."""
        if stream.open is None or not stream.open.entries or len(words) < 2:
            return False
        settled = (s for s in self._segments if s.stream == stream.number and s.settled and s.entries)
        last = next(iter(reversed(list(settled))), None)
        first, second = key(words[0].text), key(words[1].text)
        begins = key(stream.open.entries[0].text)
        return last is not None and key(last.entries[-1].text) == first != begins == second

    def apart_to_ms(self, end_ms: int | None) -> int:
        """Up to where audio behind an utterance is no next stream's: without times nothing shows that a word which the
        next stream and a one-shot both give is one word."""
        if self._streams.tell_times or end_ms is None:
            return UNBOUND_MS
        return min((ms for ms in self._streams.borders_ms() if ms >= end_ms), default=UNBOUND_MS)

    def forget(self) -> None:
        """Drop what no segment needs any more."""
        self._streams.forget()
        self._shared.forget_before(self._segments.oldest_stream)

    def is_the_next_ones(self, stream: StreamState, words: Sequence[Word]) -> bool:
        """Whether all of a final's words were spoken behind the border."""
        middles_ms = [_middle_ms(word) for word in words]
        return stream.until_ms is not None and all(ms is not None and ms >= stream.until_ms for ms in middles_ms)

    def take_left_out(self, stream: StreamState, heard_to_ms: int | None) -> list[Word]:
        """Rule 8: the words up to here that the stream before left to this one, and that it has not said: they are the
        one's before it. None: this stream says nothing more. Each is handed out once."""
        before = self._streams.of(stream.number - 1)
        left, before.deferred = before.deferred, []
        words: list[Word] = []
        for word in left:
            if heard_to_ms is not None and (word.end_ms or 0) > heard_to_ms:
                before.deferred.append(word)
            elif not self._was_heard_by(stream.number, word):
                words.append(word)
        return words

    def _is_of_one_before(self, stream: StreamState, word: Word, middle_ms: int) -> bool:
        """Whether a stream before this one has said the word: there before the border, or the same one on it."""
        if stream.from_ms is None:
            return False
        before_border = middle_ms < stream.from_ms
        return (before_border and self._was_heard_by(stream.number - 1, word)) or self._is_on_the_border(stream, word)

    def _was_heard_by(self, last: int, word: Word) -> bool:
        """A stream up to this number has said a word there: at this time, or the same one without a time."""
        if word.start_ms is None or word.end_ms is None:
            return True
        for segment in self._segments:
            for entry in segment.entries if segment.stream <= last else ():
                if entry.start_ms is None or entry.end_ms is None:
                    if key(entry.text) == key(word.text) and entry.seen_ms >= word.start_ms:
                        return True
                elif min(entry.end_ms, word.end_ms) - max(entry.start_ms, word.start_ms) > MIN_SHARED_MS:
                    return True
        return False

    def _is_on_the_border(self, stream: StreamState, word: Word) -> bool:
        """Rule 9: the stream before has said the same word last, and their times overlap."""
        if stream.from_ms is None or word.start_ms is None or word.start_ms > stream.from_ms - MIN_SHARED_MS:
            return False
        return any(
            key(entry.text) == key(word.text)
            and entry.end_ms is not None
            and entry.end_ms >= word.start_ms + MIN_SHARED_MS
            for segment in self._segments
            if segment.stream == stream.number - 1 and segment.settled
            for entry in segment.entries[-1:]
        )

    def _last_words(self, stream: int, from_ms: int) -> tuple[str, ...]:
        # A word of which the next stream hears the end is a word that it can say.
        return tuple(
            entry.text
            for segment in self._segments
            if segment.stream <= stream
            for entry in segment.entries
            if (entry.end_ms if entry.end_ms is not None else entry.seen_ms) >= from_ms
        )


def _middle_ms(word: Word) -> int | None:
    return None if word.start_ms is None or word.end_ms is None else (word.start_ms + word.end_ms) // 2
