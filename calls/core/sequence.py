"""Does a message come in order? Its sender's sequence numbers are checked, and believed as long as they count. Pure.

Counts what is odd on the call's counters and never raises. Audio that is new by its timestamp is used whatever its
number says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from stt.audio import FRAME_MS

MAX_SKIP = 20_000 // FRAME_MS
"""A sequence number further from the last one is wrong: no more frames than the longest gap holds."""
MIN_IN_A_ROW = 10
"""So many wrong numbers in a row that count on from each other are right: the sender counts anew, or has wrapped. So
many that do not are no sequence numbers."""


class SequenceCheck:
    """One stream's sequence numbers."""

    def __init__(self, counters: Counter[str], is_new: Callable[[int | None], bool]) -> None:
        """``is_new``: whether a timestamp places its audio behind what has come."""
        self.late = False
        """The last message is a repeat, or comes too late to be used."""
        self._counters = counters
        self._is_new = is_new
        self._believed = True
        """The numbers count the sender's messages."""
        self._last: int | None = None
        self._odd = -1
        """The last number out of order."""
        self._odd_in_row = 0
        """How many came out of order without one in order between them."""
        self._counting_in_row = 0
        """How many of those count on from each other."""

    def note(self, sequence: int | None, timestamp_ms: int | None = None) -> None:
        """The next message's number, None when it has none; ``timestamp_ms``: a media message's."""
        self.late = False
        if sequence is None or not self._believed:
            return
        last = self._last
        if last is None or sequence == last + 1:
            self._last = sequence
            if self._odd_in_row:
                self._begin_row()
            return
        self.late = self._is_late(sequence, last, timestamp_ms)

    def _is_late(self, sequence: int, last: int, timestamp_ms: int | None) -> bool:
        """Count a number out of order; one that cannot be right says nothing of the message, which is used."""
        if last < sequence <= last + MAX_SKIP:
            self._counters["sequence_gap"] += 1
            self._last = sequence
            self._begin_row()
            return False
        self._counting_in_row = self._counting_in_row + 1 if sequence == self._odd + 1 else 1
        self._odd = sequence
        self._odd_in_row += 1
        if self._counting_in_row >= MIN_IN_A_ROW:
            self._last = sequence
            self._begin_row()
            return False
        if self._odd_in_row >= MIN_IN_A_ROW:
            self._believed = False
            self._counters["sequence_ignored"] += 1
            return False
        late = last - MAX_SKIP <= sequence <= last and not self._is_new(timestamp_ms)
        if late:
            self._counters["sequence_repeat" if sequence == last else "sequence_reordered"] += 1
        else:
            self._counters["sequence_wrong"] += 1
        return late

    def _begin_row(self) -> None:
        """A number in order ends the row: what is odd behind it counts on from nothing, or a line that says everything
        twice would be believed to count anew."""
        self._odd, self._odd_in_row, self._counting_in_row = -1, 0, 0
