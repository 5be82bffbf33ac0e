"""Handover: which of two streams' words are whose, where one took over from the other.

Rules 8 and 9 of attribution: a renewal's border divides ownership, by word time or alignment; two streams can have
heard the same word only where both heard the audio, and a word that is said again behind the border is a second one.

Pure. Knows no utterances. All times are ms of media time.
"""

from __future__ import annotations

from collections.abc import Sequence

from stt.attribution.alignment import alike, key, reaching, with_times_guessed
from stt.attribution.segments import Segments
from stt.attribution.streams import Streams, StreamState
from stt.events import Word

MAX_OVERLAP_MS = 700
"""The next stream has heard up to this long before it took over: 500 ms, and a word on the edge."""
MIN_SHARED_MS = 40
"""A word that two streams give is one word when its times overlap by this much: said twice it has a pause between."""


class Handover:
    """The borders between a call's streams."""

    def __init__(self, segments: Segments, streams: Streams) -> None:
        self._segments = segments
        self._streams = streams

    def renewed(self, stream: int, at_ms: int) -> None:
        """Rule 8: words spoken from here on are the next stream's. Both heard the moment before. Comes again when the
        border moves."""
        self._streams.of(stream).until_ms = at_ms
        self._streams.of(stream + 1).from_ms = at_ms

    def closed(self, stream: StreamState, fed_ms: int) -> None:
        """No result follows on this stream: the next one may say again what it said last."""
        if stream.until_ms is not None:
            self._streams.of(stream.number + 1).said_before = self._last_words(
                stream.number, stream.until_ms - MAX_OVERLAP_MS
            )
        self._streams.begins_ms = max(self._streams.begins_ms, (stream.until_ms or fed_ms) - MAX_OVERLAP_MS)

    def own_texts(self, stream: StreamState, words: tuple[str, ...]) -> tuple[str, ...]:
        """Rule 8 without times: a hypothesis of a stream's first segment without the words that the stream before it
        said last."""
        said_before = stream.said_before
        if not said_before or stream.settled_to_ms is not None:
            return words
        for length in range(len(said_before), 0, -1):
            # By letters: a hypothesis may have split a word, and the rest of it is none of its own.
            again = reaching(words, sum(map(len, said_before[-length:])) - 1)
            if again >= min(length, len(words)) and alike(said_before[-length:], words[:again]):
                return words[again:]
        return words

    def divide(
        self, stream: StreamState, words: tuple[Word, ...], end_ms: int | None
    ) -> tuple[tuple[Word, ...], list[Word]]:
        """Rule 8: a final's words that are this stream's own, and those that are the next one's to say."""
        if stream.until_ms is None and stream.from_ms is None:
            return words, []
        if all(word.start_ms is None or word.end_ms is None for word in words):
            kept = self.own_texts(stream, tuple(word.text for word in words))
            return words[len(words) - len(kept) :], []
        own, deferred = [], []
        for word, guessed in zip(words, with_times_guessed(words, end_ms), strict=True):
            middle_ms = _middle_ms(guessed) or 0
            if stream.until_ms is not None and middle_ms >= stream.until_ms:
                deferred.append(guessed)
            elif not self._is_of_one_before(stream, guessed, middle_ms):
                own.append(word)
        return tuple(own), deferred

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
        return tuple(
            entry.text
            for segment in self._segments
            if segment.stream <= stream
            for entry in segment.entries
            if (entry.middle_ms if entry.middle_ms is not None else entry.seen_ms) >= from_ms
        )


def _middle_ms(word: Word) -> int | None:
    return None if word.start_ms is None or word.end_ms is None else (word.start_ms + word.end_ms) // 2
