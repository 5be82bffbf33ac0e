"""Twilio's media messages as an even row of 20 ms frames on media time: sequence, timestamps, odd payloads, gaps.

Pure. Counts what is odd on the call's counters and never raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from calls.media import Media
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, ULAW_SILENCE

CONCEALED_MS = 200
"""A gap up to this long is a loss on the way and is concealed; a longer one is a gap in the audio."""
TOLERANCE_MS = FRAME_MS - 5
"""Real chunks stray a few ms from the 20 ms grid; a lost frame moves the timestamp by 20."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """20 ms of µ-law audio at its media time; a concealed one repeats the frame before the loss."""

    ulaw: bytes
    at_ms: int
    concealed: bool = False


class FrameClock:
    """Keeps the place on media time."""

    def __init__(self, counters: Counter[str], base_ms: int = 0) -> None:
        """``base_ms``: media time at which this stream begins, for a call's second one."""
        self._base_ms = base_ms
        self.received = 0
        """Media messages that were used."""
        self.lost = 0
        """Frames that a timestamp jumped over."""
        self.next_ms = 0
        """Media time up to which audio has come."""
        self._counters = counters
        self._sequence: int | None = None
        self._begun = False
        self._rest = b""
        self._last = ULAW_SILENCE * FRAME_BYTES

    def note_sequence(self, sequence: int | None) -> bool:
        """Check a message's sequence number; False: it is a repeat or comes too late to be used."""
        if sequence is None:
            return True
        last, self._sequence = self._sequence, sequence
        if last is None or sequence == last + 1:
            return True
        if sequence > last:
            self._counters["sequence_gap"] += 1
            return True
        self._sequence = last
        self._counters["sequence_repeat" if sequence == last else "sequence_reordered"] += 1
        return False

    def frames(self, message: Media) -> Sequence[Frame]:
        """The message's audio as whole frames, with concealed ones before it where some were lost."""
        if not self.note_sequence(message.sequence):
            return ()
        if not message.track.startswith("inbound"):
            self._counters["other_track"] += 1
            return ()
        self.received += 1
        at_ms = self._place(None if message.at_ms is None else message.at_ms + self._base_ms)
        concealed = self._conceal(at_ms - self.next_ms) if at_ms - self.next_ms >= TOLERANCE_MS else ()
        if len(message.ulaw) == FRAME_BYTES and not self._rest:
            self._last, self.next_ms = message.ulaw, at_ms + FRAME_MS
            frame = Frame(message.ulaw, at_ms)
            return (*concealed, frame) if concealed else (frame,)
        return (*concealed, *self._split(message.ulaw, at_ms))

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

    def _place(self, at_ms: int | None) -> int:
        if not self._begun:
            self._begun = True
            self.next_ms = max(self._base_ms, at_ms or 0)
            return self.next_ms
        if at_ms is None or self._rest:
            return self.next_ms
        if at_ms < self.next_ms - TOLERANCE_MS:
            self._counters["timestamp_backwards"] += 1
            return self.next_ms
        return at_ms
