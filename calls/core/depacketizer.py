"""Twilio's media messages as an even row of 20 ms frames on media time: odd payloads are cut, short losses concealed.

Whether a message comes in order and when it was spoken, its sender's numbers say, as far as they can be right
(calls/core/sequence.py, calls/core/sender_clock.py). Pure. Counts what is odd on the call's counters and never raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from calls.core.messages import Media
from calls.core.sender_clock import MAX_MEDIA_MS, TOLERANCE_MS, SenderClock
from calls.core.sequence import SequenceCheck
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, ULAW_SILENCE

MAX_CONCEALED_MS = 200
"""A gap up to this long is a loss on the way and is concealed; a longer one is a gap in the audio."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """20 ms of µ-law audio at its media time; a concealed one repeats the frame before the loss."""

    ulaw: bytes
    at_ms: int
    concealed: bool = False


class Depacketizer:
    """Keeps the place on media time, whatever the sender's numbers say: one that cannot be right moves nothing."""

    def __init__(self, counters: Counter[str], base_ms: int = 0, longest_ms: int = MAX_MEDIA_MS) -> None:
        """``base_ms``: media time at which this stream begins, for a call's second one. ``longest_ms``: how far no
        timestamp goes beyond it."""
        self.received = 0
        """Media messages that were used."""
        self.lost = 0
        """Frames that a timestamp jumped over."""
        self.next_ms = max(0, min(base_ms, MAX_MEDIA_MS))
        """Media time up to which audio has come."""
        self.sender = SenderClock(counters, self.next_ms, longest_ms)
        self.sequence = SequenceCheck(counters, self._is_new)
        self._counters = counters
        self._rest = b""
        """What is left of the last payload: less than a frame."""
        self._last = ULAW_SILENCE * FRAME_BYTES

    def frames(self, message: Media, now_ms: float) -> Sequence[Frame]:
        """The message's audio as whole frames, with concealed ones before it where some were lost.

        ``now_ms``: when it arrived, on a clock that never goes back.
        """
        sender, sequence = self.sender, self.sequence
        sequence.note(message.sequence, message.at_ms)
        if sequence.late:
            sender.stamp_ms = None
            return ()
        if not message.track.startswith("inbound"):
            sender.stamp_ms = None
            self._counters["other_track"] += 1
            return ()
        self.received += 1
        at_ms = sender.place(message.at_ms, now_ms, self.next_ms, len(self._rest))
        concealed: Sequence[Frame] = ()
        if at_ms - self.next_ms >= TOLERANCE_MS and at_ms != sender.began_at_ms:
            concealed = self._conceal(at_ms - self.next_ms)
        elif at_ms - now_ms > sender.lead_ms:
            sender.lead_ms = at_ms - now_ms
        if len(message.ulaw) == FRAME_BYTES and not self._rest:
            self._last, self.next_ms = message.ulaw, at_ms + FRAME_MS
            frame = Frame(message.ulaw, at_ms)
            return (*concealed, frame) if concealed else (frame,)
        return (*concealed, *self._split(message.ulaw, at_ms))

    def _is_new(self, timestamp_ms: int | None) -> bool:
        return self.sender.is_new(timestamp_ms, self.next_ms)

    def _conceal(self, gap_ms: int) -> Sequence[Frame]:
        lost = round(gap_ms / FRAME_MS)
        self.lost += lost
        self._counters["frames_lost"] += lost
        if gap_ms > MAX_CONCEALED_MS:
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
