"""VoiceMeter: how long a caller has been speaking, for whoever must decide while they speak. Pure.

Counted are voiced frames, and the holes that speech itself has: in a stop consonant (ק, ט, פ) the mouth is closed for
some 50 to 80 ms, and a voice detector, or an echo canceller that damps the caller for a moment, leaves a frame or two
out. Longer holes are silence between sounds: they do not count, and from the hangover on they end the run.
"""

from __future__ import annotations

from calls.core.status import VoicedRun
from stt.audio import FRAME_MS

LONGEST_HOLE_MS = 60
"""Between two voiced frames, of media time."""


class VoiceMeter:
    """One call's. Not thread-safe; never raises; constant memory."""

    def __init__(self) -> None:
        self.last_ms = 0.0
        """Monotonic instant of the last voiced frame's arrival; 0 before the first."""
        self._from_ms, self._voiced_ms = 0.0, 0
        """Of the newest run: the arrival of its first frame, and its voice together."""
        self._ended_at_ms = 0
        """Media time at which the last voiced frame ends."""

    def voiced(self, at_ms: int, now_ms: float, hangover_ms: int) -> None:
        """A voiced frame of this media time has arrived. ``hangover_ms``: silence that ends the run."""
        hole_ms = at_ms - self._ended_at_ms
        if not self._voiced_ms or now_ms - self.last_ms >= hangover_ms:
            self._from_ms, self._voiced_ms = now_ms, 0
        elif 0 < hole_ms <= LONGEST_HOLE_MS:
            self._voiced_ms += hole_ms
        self._voiced_ms += FRAME_MS
        self.last_ms, self._ended_at_ms = now_ms, at_ms + FRAME_MS

    @property
    def run(self) -> VoicedRun | None:
        """The newest voice; None before the first."""
        return VoicedRun(self._from_ms, self.last_ms, self._voiced_ms) if self._voiced_ms else None
