"""When a recognition stream has had its time: too old, deaf, or not worth its cost in a silence. Pure, no clock.

Google ends a stream at 305 s, and now and then goes on listening without a word; both are seen here before a word is
lost. Decides, and leaves the doing to the session's actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stt.audio import FRAME_MS
from stt.tuning import Tuning

QUIET_MS = 500
"""Silence in which a stream can be renewed without a word on its edge."""
MOST_MISSED = 2
"""Utterances in a row that only the one-shot recogniser heard: the stream is deaf."""
LEAST_MISSED_MS = 2000
"""...and they held this much voice: an engine may pause for 2 s over two short answers."""
RENEW_AGAIN_MS = 10_000
"""A new stream is given this long before it can be called deaf."""


class Verdict(StrEnum):
    """What to do with the stream; also the stable code of the event."""

    RENEW_OLD = "stream_old"
    RENEW_DEAF = "stream_deaf"
    PAUSE = "stream_paused"
    RESUME = "stream_resumed"


@dataclass(slots=True)
class StreamWatch:
    """One call's stream. Fed with every frame and every sign of hearing."""

    tuning: Tuning
    paused: bool = False
    deaf: bool = False
    """Renewed for its deafness, and no word has come since."""
    results: int = 0
    """With words, since the call began."""
    _opened_ms: float | None = None
    _quiet_ms: int = 0
    _unheard_ms: int = 0
    """Voice since the stream last said anything."""
    _missed: int = 0

    def opened(self, now_ms: float) -> None:
        self._opened_ms = now_ms
        self._unheard_ms = self._missed = 0

    def closed(self) -> None:
        self._opened_ms = None

    def heard(self) -> None:
        """A result with words."""
        self._unheard_ms = self._missed = 0
        self.deaf = False
        self.results += 1

    def missed(self) -> None:
        """The one-shot recogniser heard an utterance of which the stream said nothing."""
        self._missed += 1

    def frame(self, *, voiced: bool, speaking: bool, now_ms: float) -> Verdict | None:
        """One frame of 20 ms; constant time, on the media path."""
        self._quiet_ms = 0 if speaking else self._quiet_ms + FRAME_MS
        if self.paused:
            if not speaking:
                return None
            self.paused = False
            return Verdict.RESUME
        if self._opened_ms is None:
            return None
        if voiced:
            self._unheard_ms += FRAME_MS
        age_ms = now_ms - self._opened_ms
        missed = self._missed >= MOST_MISSED and self._unheard_ms >= LEAST_MISSED_MS
        deaf = missed or self._unheard_ms >= self.tuning.deaf_after_ms
        if deaf and age_ms >= RENEW_AGAIN_MS:
            self.deaf = True
            return self._renew(Verdict.RENEW_DEAF)
        if age_ms >= self.tuning.renew_latest_s * 1000:
            return self._renew(Verdict.RENEW_OLD)
        if age_ms >= self.tuning.renew_after_s * 1000 and self._quiet_ms >= QUIET_MS:
            return self._renew(Verdict.RENEW_OLD)
        if self.tuning.pause_after_s and self._quiet_ms >= self.tuning.pause_after_s * 1000:
            self.paused = True
            self._opened_ms = None
            return Verdict.PAUSE
        return None

    @property
    def unheard_ms(self) -> int:
        """Voice since the stream last said anything."""
        return self._unheard_ms

    @property
    def quiet(self) -> bool:
        return self._quiet_ms >= QUIET_MS

    def _renew(self, verdict: Verdict) -> Verdict:
        self._opened_ms = None  # until the new one has opened
        return verdict
