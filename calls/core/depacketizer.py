"""Twilio's media messages as an even row of 20 ms frames on media time: sequence, timestamps, odd payloads, gaps.

Pure. Counts what is odd on the call's counters and never raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf

import msgspec

from calls.core.messages import Media
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, ULAW_SILENCE

CONCEALED_MS = 200
"""A gap up to this long is a loss on the way and is concealed; a longer one is a gap in the audio."""
TOLERANCE_MS = FRAME_MS - 5
"""Real chunks stray a few ms from the 20 ms grid; a lost frame moves the timestamp by 20."""
LONGEST_GAP_MS = 20_000
"""A timestamp further ahead is wrong: a line without frames for 15 s is closed (calls/core/media_connection.py)."""
AHEAD_MS = 100
"""So much quicker than a call's first frames can later ones be, where timestamps jump: no loss that shifts words."""
LONGEST_MS = 24 * 60 * 60 * 1000
"""What MAX_CALL_S can be at most."""
LONGEST_SKIP = LONGEST_GAP_MS // FRAME_MS
"""A sequence number further from the last one is wrong."""
SETTLED = 10
"""So many wrong numbers in a row that count on from each other are right: the sender counts anew, or has wrapped. So
many that do not are no sequence numbers."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """20 ms of µ-law audio at its media time; a concealed one repeats the frame before the loss."""

    ulaw: bytes
    at_ms: int
    concealed: bool = False


class Depacketizer:
    """Keeps the place on media time, whatever the sender's numbers say: one that cannot be right moves nothing."""

    def __init__(self, counters: Counter[str], base_ms: int = 0, longest_ms: int = LONGEST_MS) -> None:
        """``base_ms``: media time at which this stream begins, for a call's second one. ``longest_ms``: how far no
        timestamp goes beyond it."""
        self.received = 0
        """Media messages that were used."""
        self.lost = 0
        """Frames that a timestamp jumped over."""
        self.next_ms = max(0, min(base_ms, LONGEST_MS))
        """Media time up to which audio has come."""
        self.stamp_ms: int | None = None
        """Media time of the last message by its timestamp; None where it has none, or a wrong one."""
        self._counters = counters
        self._last_ms = self.next_ms + longest_ms
        self._offset_ms = self.next_ms
        """From a timestamp to media time."""
        self._other_offset_ms = 0
        """...by the wrong timestamps that came last, and how many in a row agree on it."""
        self._agreed = 0
        self._sequence: int | None = None
        self._odd_sequence = -1
        """The last number out of order, and how many in a row count on from each other."""
        self._in_row = 0
        self._odd_in_row = 0
        self._counts = True
        """The sender's sequence numbers count its messages."""
        self._begun = False
        self._lead_ms = -inf
        """From arrival to media time, of the quickest frame so far. A loss or a pause takes its own time on the wall
        clock, and a stall only makes frames later: no timestamp is further ahead."""
        self._slack_ms: float = AHEAD_MS
        """What jumps may still add to it."""
        self._rest = b""
        self._last = ULAW_SILENCE * FRAME_BYTES

    def note_sequence(self, sequence: int | None, timestamp_ms: int | None = None) -> bool:
        """Check a message's sequence number; False: it is a repeat or comes too late to be used.

        ``timestamp_ms``: a media message's. Audio that is new by its timestamp is used whatever its number says.
        """
        if sequence is None or not self._counts:
            return True
        last = self._sequence
        if last is None or sequence == last + 1:
            self._sequence = sequence
            self._odd_in_row = 0
            return True
        return self._out_of_order(sequence, last, timestamp_ms)

    def frames(self, message: Media, now_ms: float) -> Sequence[Frame]:
        """The message's audio as whole frames, with concealed ones before it where some were lost.

        ``now_ms``: when it arrived, on a clock that never goes back.
        """
        if not self.note_sequence(message.sequence, message.at_ms):
            self.stamp_ms = None
            return ()
        if not message.track.startswith("inbound"):
            self.stamp_ms = None
            self._counters["other_track"] += 1
            return ()
        self.received += 1
        at_ms = self._place(message.at_ms, now_ms)
        concealed: Sequence[Frame] = ()
        if at_ms - self.next_ms >= TOLERANCE_MS:
            concealed = self._conceal(at_ms - self.next_ms)
        elif at_ms - now_ms > self._lead_ms:
            self._lead_ms = at_ms - now_ms
        if len(message.ulaw) == FRAME_BYTES and not self._rest:
            self._last, self.next_ms = message.ulaw, at_ms + FRAME_MS
            frame = Frame(message.ulaw, at_ms)
            return (*concealed, frame) if concealed else (frame,)
        return (*concealed, *self._split(message.ulaw, at_ms))

    def _out_of_order(self, sequence: int, last: int, timestamp_ms: int | None) -> bool:
        """Count it; a number that cannot be right says nothing of the message, which is used."""
        if last < sequence <= last + LONGEST_SKIP:
            self._counters["sequence_gap"] += 1
            self._sequence = sequence
            self._odd_in_row = 0
            return True
        self._in_row = self._in_row + 1 if sequence == self._odd_sequence + 1 else 1
        self._odd_sequence = sequence
        self._odd_in_row += 1
        if self._in_row >= SETTLED:
            self._sequence = sequence
            self._odd_in_row = 0
            return True
        if self._odd_in_row >= SETTLED:
            self._counts = False
            self._counters["sequence_ignored"] += 1
            return True
        late = last - LONGEST_SKIP <= sequence <= last and not self._is_new(timestamp_ms)
        if late:
            self._counters["sequence_repeat" if sequence == last else "sequence_reordered"] += 1
        else:
            self._counters["sequence_wrong"] += 1
        return not late

    def _is_new(self, timestamp_ms: int | None) -> bool:
        """Whether a timestamp places its audio behind what has come."""
        if timestamp_ms is None:
            return False
        return 0 <= timestamp_ms + self._offset_ms - self.next_ms + TOLERANCE_MS <= LONGEST_GAP_MS

    def _conceal(self, gap_ms: int) -> Sequence[Frame]:
        lost = round(gap_ms / FRAME_MS)
        self.lost += lost
        self._counters["frames_lost"] += lost
        if gap_ms > CONCEALED_MS:
            return []
        return [Frame(self._last, self.next_ms + i * FRAME_MS, concealed=True) for i in range(lost)]

    def _split(self, ulaw: bytes, at_ms: int) -> list[Frame]:
        """The frames of an odd payload; what is left waits for the next one."""
        if len(ulaw) != FRAME_BYTES:
            self._counters["odd_payload"] += 1
        ulaw = self._rest + ulaw
        whole = len(ulaw) // FRAME_BYTES * FRAME_BYTES
        frames = [
            Frame(ulaw[start : start + FRAME_BYTES], at_ms + start // BYTES_PER_MS)
            for start in range(0, whole, FRAME_BYTES)
        ]
        self._rest = ulaw[whole:]
        if frames:
            self._last = frames[-1].ulaw
        self.next_ms = at_ms + whole // BYTES_PER_MS
        return frames

    def _place(self, timestamp_ms: int | None, now_ms: float) -> int:
        """Media time of a message; at the end of what has come where its timestamp is missing or wrong."""
        if timestamp_ms is None:
            self.stamp_ms = None
            return self.next_ms
        at_ms = timestamp_ms + self._offset_ms
        gap_ms = at_ms - self.next_ms
        if (
            not -TOLERANCE_MS <= gap_ms <= LONGEST_GAP_MS
            or at_ms > self._last_ms
            or (gap_ms >= TOLERANCE_MS and self._begun and not self._took_its_time(at_ms - now_ms))
        ):
            self._doubt(timestamp_ms, gap_ms)
            return self.next_ms
        self.stamp_ms = at_ms
        self._agreed = 0
        if self._rest:
            return self.next_ms
        if not self._begun:
            # What the sender did before its first frame is no loss.
            self._begun = True
            self.next_ms = at_ms
        return at_ms

    def _took_its_time(self, lead_ms: float) -> bool:
        """Whether a gap is no longer than the wall time that passed with it, for a frame that is so far ahead of it."""
        ahead_ms = lead_ms - self._lead_ms
        if ahead_ms > self._slack_ms:
            return False
        if ahead_ms > 0:
            self._slack_ms -= ahead_ms
            self._lead_ms = lead_ms
        return True

    def _doubt(self, timestamp_ms: int, gap_ms: int) -> None:
        """Count a timestamp that cannot be right. One alone moves nothing; some in a row that agree are the sender's
        clock from now on: an epoch's, one that was set anew, or that has wrapped at 32 bits."""
        self._begun = True
        self.stamp_ms = None
        self._counters["timestamp_backwards" if gap_ms < 0 else "timestamp_wrong"] += 1
        offset_ms = self.next_ms + len(self._rest) // BYTES_PER_MS - timestamp_ms
        if abs(offset_ms - self._other_offset_ms) > TOLERANCE_MS:
            self._other_offset_ms, self._agreed = offset_ms, 0
        self._agreed += 1
        if self._agreed >= SETTLED:
            self._offset_ms, self._agreed = self._other_offset_ms, 0
