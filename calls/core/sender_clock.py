"""The sender's timestamps on media time, believed where they can be right and took their time on the wall clock. Pure.

Counts what is odd on the call's counters and never raises.
"""

from __future__ import annotations

from collections import Counter
from math import inf

from stt.audio import BYTES_PER_MS, FRAME_MS

TOLERANCE_MS = FRAME_MS - 5
"""Real chunks stray a few ms from the 20 ms grid; a lost frame moves the timestamp by 20."""
MAX_GAP_MS = 20_000
"""A timestamp further ahead is wrong: a line without frames for 15 s is closed (calls/core/media_connection.py)."""
MAX_AHEAD_MS = 100
"""So much quicker than a call's first frames can later ones be, where timestamps jump: no loss that shifts words."""
MAX_MEDIA_MS = 24 * 60 * 60 * 1000
"""What MAX_CALL_S can be at most."""
MIN_AGREEING_STAMPS = 10
"""So many wrong timestamps in a row that agree with each other are right: the sender's clock was set anew."""


class SenderClock:
    """One stream's timestamps."""

    def __init__(self, counters: Counter[str], base_ms: int, longest_ms: int) -> None:
        """``base_ms``: media time at which the stream begins. ``longest_ms``: how far no timestamp goes beyond it."""
        self.stamp_ms: int | None = None
        """Media time of the last message by its timestamp; None where it has none, or a wrong one."""
        self.began_at_ms: int | None = None
        """Media time of the first message with a timestamp; None before it, or when that was wrong."""
        self.lead_ms = -inf
        """From arrival to media time, of the quickest frame so far. A loss or a pause takes its own time on the wall
        clock, and a stall only makes frames later: no timestamp is further ahead."""
        self._slack_ms: float = MAX_AHEAD_MS
        """How much timestamps that jump may still add to the lead."""
        self._counters = counters
        self._last_ms = base_ms + longest_ms
        self._offset_ms = base_ms
        """From a timestamp to media time."""
        self._other_offset_ms = 0
        """From a timestamp to media time, by the wrong timestamps that came last."""
        self._agreeing = 0
        """How many wrong timestamps in a row agree on the other offset."""
        self._begun = False

    def place(self, timestamp_ms: int | None, now_ms: float, next_ms: int, rest_bytes: int) -> int:
        """Media time of a message; at the end of what has come where its timestamp is missing or wrong.

        ``next_ms``: up to where audio has come in whole frames; ``rest_bytes``: what waits beyond that.
        """
        if timestamp_ms is None:
            self.stamp_ms = None
            return next_ms
        at_ms = timestamp_ms + self._offset_ms
        gap_ms = at_ms - next_ms
        if (
            not -TOLERANCE_MS <= gap_ms <= MAX_GAP_MS
            or at_ms > self._last_ms
            or (gap_ms >= TOLERANCE_MS and self._begun and not self._took_its_time(at_ms - now_ms))
        ):
            self._doubt(timestamp_ms, gap_ms, next_ms + rest_bytes // BYTES_PER_MS)
            return next_ms
        self.stamp_ms = at_ms
        self._agreeing = 0
        if rest_bytes:
            return next_ms
        if not self._begun:
            # What the sender did before its first frame is no loss.
            self._begun = True
            self.began_at_ms = at_ms
        return at_ms

    def is_new(self, timestamp_ms: int | None, next_ms: int) -> bool:
        """Whether a timestamp places its audio behind ``next_ms``."""
        if timestamp_ms is None:
            return False
        return 0 <= timestamp_ms + self._offset_ms - next_ms + TOLERANCE_MS <= MAX_GAP_MS

    def _took_its_time(self, lead_ms: float) -> bool:
        """Whether a gap is no longer than the wall time that passed with it, for a frame that is so far ahead of it."""
        ahead_ms = lead_ms - self.lead_ms
        if ahead_ms > self._slack_ms:
            return False
        if ahead_ms > 0:
            self._slack_ms -= ahead_ms
            self.lead_ms = lead_ms
        return True

    def _doubt(self, timestamp_ms: int, gap_ms: int, end_ms: int) -> None:
        """Count a timestamp that cannot be right. One alone moves nothing; some in a row that agree are the sender's
        clock from now on: an epoch's, one that was set anew, or that has wrapped at 32 bits."""
        self._begun = True
        self.stamp_ms = None
        self._counters["timestamp_backwards" if gap_ms < 0 else "timestamp_wrong"] += 1
        offset_ms = end_ms - timestamp_ms
        if abs(offset_ms - self._other_offset_ms) > TOLERANCE_MS:
            self._other_offset_ms, self._agreeing = offset_ms, 0
        self._agreeing += 1
        if self._agreeing >= MIN_AGREEING_STAMPS:
            self._offset_ms, self._agreeing = self._other_offset_ms, 0
