"""Segments: what a recogniser takes for one utterance, and which words of it are settled.

Rules 1 to 3 of attribution. A segment holds its words once: every newer hypothesis is aligned with the one before, and
its words inherit what is known of them. Its trail is the time at which each word was first heard. It is settled by a
final, or by the end of its stream.

Pure. Knows no utterances (stt/attribution/placement.py) and no streams but by their numbers
(stt/attribution/streams.py). All times are ms of media time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from stt.attribution.alignment import Entry, align, alike, continues, same_word_and_time
from stt.events import Word

MIN_SEGMENT_PAUSE_MS = 400
"""An engine begins a new segment only after a pause of this length."""
MIN_ONE_WORD_PAUSE_MS = 1200
"""A hypothesis of one word may have been misheard as a whole, so it takes this longer pause to end its segment."""
MAX_LOOKBACK_MS = 4000
"""No word is looked for farther back than this: the engine's longest pause, and a new stream's overlap."""


@dataclass(slots=True)
class Segment:
    """What a recogniser takes for one utterance: its newest hypothesis or, when settled, its words."""

    stream: int
    """Number of the stream that it belongs to."""
    from_ms: int
    """Everything in it was spoken after this: the end of the result that was settled before it."""
    entries: list[Entry] = field(default_factory=list)
    dropped: list[Entry] = field(default_factory=list)
    """Words that the final before left out: the next hypothesis may bring them back, with their evidence."""
    newest_ms: int = 0
    """End of the newest hypothesis."""
    settled: bool = False
    provisional: bool = False
    """Settled by the end of its stream and by no final: a one-shot of the same audio takes its place."""
    withheld: bool = False
    """A final without words ended it: its hypothesis stands until the next one says whether it goes on."""
    owners: list[int | None] = field(default_factory=list)
    """The utterance of each word, as it was when Placement last looked."""
    numbers: frozenset[int | None] = frozenset()
    """Those in ``owners``: few, where a call of minutes has many segments."""
    placed: bool = False
    """``owners`` holds: neither evidence nor spans have changed since."""

    @classmethod
    def of_words(cls, stream: int, words: Sequence[Word]) -> Segment:
        """One of a final's words with their times, at least one."""
        entries = [
            Entry(word.text, word.end_ms or 0, word.start_ms or 0, None, word.start_ms, word.end_ms) for word in words
        ]
        return cls(stream, words[0].start_ms or 0, entries)

    @property
    def texts(self) -> list[str]:
        return [entry.text for entry in self.entries]

    def reaches(self, at_ms: int) -> bool:
        """Whether it can hold words from this time on: its last one was heard then, or more may come."""
        return not self.settled or not self.entries or self.entries[-1].seen_ms >= at_ms

    def stands_beside(self, one_shot: Sequence[str]) -> bool:
        """Rule 3: its words are settled. Those of a hypothesis are not where a one-shot heard the same audio."""
        return self.settled and not (self.provisional and one_shot)

    def goes_on_with(self, words: Sequence[str]) -> bool:
        """Whether a hypothesis after a final without words is of this segment still."""
        return not self.withheld or alike(self.texts, words)

    def is_ended_by(self, words: Sequence[str], seen_ms: int) -> bool:
        """Whether a hypothesis has nothing of the one before, after a pause in which a segment ends."""
        texts = self.texts
        pause_ms = MIN_SEGMENT_PAUSE_MS if len(texts) > 1 else MIN_ONE_WORD_PAUSE_MS
        return bool(texts) and seen_ms - self.newest_ms >= pause_ms and not continues(texts, words)

    def revise(self, words: Sequence[str], *, seen_ms: int) -> list[Entry]:
        """Rule 1: replace its words by a newer hypothesis; returns the old words behind the last one it kept."""
        old = self.entries or self.dropped
        lacked_ms = max((entry.seen_ms for entry in old), default=self.from_ms)
        self.entries, left_out = align(old, words, Entry("", seen_ms, min(lacked_ms, seen_ms)))
        self.dropped = []
        for entry in self.entries:
            # One that ended later, or did not say where, came before it.
            entry.seen_ms = min(entry.seen_ms, seen_ms)
        return left_out

    def settle(self) -> None:
        """Rule 3: no newer hypothesis follows."""
        self.settled = True
        self.dropped = []

    def is_misheard(self, final: Segment) -> bool:
        """Whether a final says, at the time of this hypothesis that no final settled, as many words or more."""
        if not self.provisional or self.stream != final.stream or not self.entries:
            return False
        middles_ms = [entry.middle_ms for entry in final.entries if entry.middle_ms is not None]
        return sum(self.from_ms < middle_ms < self.newest_ms for middle_ms in middles_ms) >= len(self.entries)


class Segments:
    """A call's segments, in the order in which they began."""

    def __init__(self) -> None:
        self._line: list[Segment] = []

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._line)

    def __len__(self) -> int:
        return len(self._line)

    def add(self, segment: Segment) -> None:
        self._line.append(segment)

    def keep(self, segments: Iterable[Segment]) -> None:
        """Forget all others."""
        self._line = list(segments)

    @property
    def oldest_stream(self) -> int:
        """Number of the oldest stream that a segment belongs to; 0 when there is none."""
        return min((segment.stream for segment in self._line), default=0)

    def have_settled(self, stream: int, words: tuple[str, ...]) -> bool:
        """Rule 6: a settled segment of the stream has the same words."""
        return any(
            segment.settled and segment.stream == stream and tuple(segment.texts) == words for segment in self._line
        )

    def hold(self, word: Word) -> bool:
        """Rule 1: the same word is settled at the same time already; a final can repeat words."""
        if word.start_ms is None or word.end_ms is None:
            return False
        # What was settled a segment and more before it cannot hold its time.
        for segment in reversed(self._line):
            if segment.settled and any(same_word_and_time(entry, word) for entry in segment.entries):
                return True
            if segment.settled and segment.entries and segment.entries[-1].seen_ms < word.start_ms - MAX_LOOKBACK_MS:
                break
        return False
