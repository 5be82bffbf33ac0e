"""OwnSoundAgain: what a stored call's line played, for an echo rule that judges its frames anew. Pure.

A trace has the levels of our own sound, and when it was played: all that the rule needs (calls/core/echo_gate.py). What
an echo canceller left of a frame is in no recording, which keeps the line as it was: there what was perceived stands.
"""

from __future__ import annotations

from collections import deque

from calls.core.own_sound import ECHO_TAIL_MS, OwnSound
from calls.whatif.moments import MediaClock
from calls.whatif.recorded_call import RecordedCall
from stt.audio import FRAME_MS
from stt.endpointing.replayed import Perceived


class OwnSoundAgain:
    """One stream's."""

    def __init__(self, heard: RecordedCall) -> None:
        self.left_by_canceller = _left_by_canceller(heard)
        """What was perceived in frames of which a canceller took our sound, by media time."""
        self._clock = MediaClock(heard)
        self._coming = deque(heard.plays)

    def tell(self, own: OwnSound, now_ms: float) -> None:
        """What begins to be played up to the frame that arrives now."""
        while self._coming and (begins_ms := self._clock.instant_ms(self._coming[0].at_ms)) <= now_ms + FRAME_MS:
            own.sounds(begins_ms, self._coming.popleft().dbfs)


def _left_by_canceller(heard: RecordedCall) -> dict[int, Perceived]:
    from_ms = heard.cancels_from_ms
    if from_ms is None:
        return {}
    spans = [(max(from_ms, one.at_ms), one.ends_ms + ECHO_TAIL_MS) for one in heard.plays]
    left, at = dict[int, Perceived](), 0
    for frame in heard.frames:
        while at < len(spans) and spans[at][1] <= frame.at_ms:
            at += 1
        if at < len(spans) and spans[at][0] <= frame.at_ms:
            left[frame.at_ms] = frame.perceived
    return left
