"""What the ledger knows of each recognition stream: its open segment, how far it has spoken, where it was renewed.

Rule 6 of attribution: the ends of results are clamped to the audio that was fed; one that is missing or 0 is unknown,
covers nothing, and is a repeat only of the final just before it.

Pure. Knows no utterances and gives no words to any. All times are ms of media time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from stt.attribution.alignment import MIN_LETTER_MS
from stt.attribution.segments import MAX_LOOKBACK_MS, Segment, Segments
from stt.events import Word

MAX_FINALS = 4
"""A final is repeated soon, but perhaps behind another one."""


@dataclass(frozen=True, slots=True)
class SaidFinal:
    """A final as the engine said it."""

    words: tuple[str, ...]
    end_ms: int | None
    fed_ms: int
    """Media time up to which the stream was fed by then."""


@dataclass(slots=True)
class StreamState:
    """One recognition stream."""

    number: int
    open: Segment | None = None
    """The segment that its next result belongs to."""
    settled_to_ms: int | None = None
    """End of its last settled result; None while none has a known end."""
    from_ms: int | None = None
    """Words spoken before this are the stream's before it; None when it took over from none."""
    until_ms: int | None = None
    """Words spoken from here on are the next stream's; None while it was not renewed."""
    fed_from_ms: int | None = None
    """It has heard nothing from before this; None while nobody has said so."""
    said_before: tuple[str, ...] = ()
    """What streams before it said of audio that it was fed again, and it may say first."""
    deferred: list[Word] = field(default_factory=list)
    """Words of its finals that are the next stream's to say; should it not, they are this one's."""
    finals: deque[SaidFinal] = field(default_factory=partial(deque, maxlen=MAX_FINALS))
    """Its newest."""

    def says_again(self, words: tuple[str, ...], end_ms: int | None, fed_ms: int) -> bool:
        """Rule 6: it has said this final already, to the letter and to the end. One whose end is not known was said
        already where nothing can have been spoken since: no hypothesis came, and less audio than its words take."""
        if end_ms:
            again = any((one.end_ms, one.words) == (end_ms, words) for one in self.finals)
        else:
            least_ms = sum(map(len, words)) * MIN_LETTER_MS
            last = self.finals[-1] if self.finals and self.open is None else None
            again = last is not None and last.words == words and fed_ms - last.fed_ms < least_ms
        if not again:
            self.finals.append(SaidFinal(words, end_ms, fed_ms))
        return again

    def withhold(self) -> None:
        """A final without words came: what is open stands as it is until the next hypothesis."""
        if self.open is not None:
            self.open.withheld = True

    def settled_to(self, end_ms: int) -> None:
        """A result that ends here is settled."""
        self.settled_to_ms = max(end_ms, self.settled_to_ms or 0)


class Streams:
    """A call's recognition streams, by their numbers."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._states: dict[int, StreamState] = {}
        self.begins_ms = 0
        """The stream in use has heard nothing from before this, where it does not say so itself."""
        self.heard_to_ms: int | None = None
        """Some stream has listened up to here; None: unknown."""
        self.tell_times = True
        """The last final said when some of its words were spoken."""

    def of(self, number: int) -> StreamState:
        """The stream's state, a blank one when nothing is known of it."""
        state = self._states.get(number)
        if state is None:
            state = self._states[number] = StreamState(number)
        return state

    def __len__(self) -> int:
        return len(self._states)

    def segment(self, stream: StreamState, words: Sequence[str]) -> Segment:
        """The segment that these words continue, or a new one."""
        segment = stream.open
        if segment is None or not segment.goes_on_with(words):
            return self.new_segment(stream)
        segment.withheld = False
        return segment

    def new_segment(self, stream: StreamState) -> Segment:
        """Open a segment behind what the stream has settled."""
        from_ms = stream.settled_to_ms if stream.settled_to_ms is not None else stream.fed_from_ms
        if from_ms is None:
            from_ms = max(self.begins_ms, (self.heard_to_ms or 0) - MAX_LOOKBACK_MS)
        stream.open = Segment(stream.number, from_ms)
        self._segments.add(stream.open)
        return stream.open

    def is_open(self, segment: Segment) -> bool:
        return self.of(segment.stream).open is segment

    def note_end(self, end_ms: int | None, fed_ms: int) -> None:
        """Rule 6: a result with a known end says how far the engine has listened, and no farther than the audio."""
        if end_ms:
            self.heard_to_ms = max(min(end_ms, fed_ms), self.heard_to_ms or 0)

    def listens_from(self, at_ms: int) -> None:
        """What lies behind this is listened to anew: no result has reached it."""
        if self.heard_to_ms is not None:
            self.heard_to_ms = min(self.heard_to_ms, at_ms)

    def is_repeat(self, stream: StreamState, words: tuple[str, ...], end_ms: int | None) -> bool:
        """Rule 6: a result that ends at or before the last settled one and says the same words again."""
        if not words or not end_ms or stream.settled_to_ms is None or end_ms > stream.settled_to_ms:
            return False
        return self._segments.have_settled(stream.number, words)

    def borders_ms(self) -> list[int]:
        """Where streams were half-closed on purpose."""
        return [state.until_ms for state in self._states.values() if state.until_ms is not None]

    def forget(self) -> None:
        """Drop the streams that no segment needs any more; a call has thousands."""
        # The oldest segment's stream asks the one before it.
        oldest = self._segments.oldest_stream - 1
        self._states = {number: state for number, state in self._states.items() if number >= oldest}


def known_end_ms(end_ms: int | None, fed_ms: int) -> int:
    """Rule 6: a result's end for use as a bound; nothing can have been heard behind the audio that was fed."""
    return min(end_ms, fed_ms) if end_ms else fed_ms
