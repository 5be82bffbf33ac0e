"""When a recognition stream has had its time: too old, deaf, at the end of speech, or a cost without use. Pure.

Google ends a stream at 305 s, and now and then goes on listening without a word; both are seen here before a word is
lost. And it says a final when it likes: half-closing the stream as soon as speech seems to have ended asks for it now.
Decides, and leaves the doing to the session's actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.core.hastening import Hastening
from stt.audio import FRAME_MS
from stt.tuning import Tuning

MIN_QUIET_MS = 500
"""Silence in which a stream can be renewed without a word on its edge."""
MIN_MISSED = 2
"""From so many utterances in a row on that only the one-shot recogniser heard, the stream is deaf."""
MIN_MISSED_MS = 2000
"""With less voice in those utterances it is not: an engine may pause for 2 s over two short answers."""
MIN_RENEWAL_MS = 10_000
"""A new stream is given this long before it can be called deaf."""


class StreamCommand(StrEnum):
    """What to do with the stream; also the stable code of what is noted of it."""

    RENEW_OLD = "stream_old"
    RENEW_DEAF = "stream_deaf"
    PAUSE = "stream_paused"
    RESUME = "stream_resumed"
    HALF_CLOSE = "half_closed"
    """Speech seems to have ended: ask for its final."""
    NEXT = "half_close_held"
    """It had ended: the next stream begins, ahead of the speech that it will hear."""
    SPOKEN_OVER = "half_close_spoken_over"
    """It had not: the next stream begins before the word that the half-close may have cut."""


@dataclass(slots=True)
class StreamPolicy:
    """Decides of one call's streams. Fed with every frame and every sign of hearing."""

    tuning: Tuning
    hastening: Hastening
    """Says where a stream is half-closed for its final."""
    deaf: bool = False
    """The stream was renewed for its deafness, and no word has come since."""
    results: int = 0
    """Results with words since the call began."""
    _between: StreamCommand | None = None
    """PAUSE or HALF_CLOSE: why no stream hears, until speech or silence begins the next one."""
    _opened_ms: float | None = None
    """When the stream that hears was opened."""
    _hears_from_ms: float | None = None
    """When the first of the streams was opened that would have heard ``_unheard_ms``."""
    _quiet_ms: int = 0
    """Since an utterance ended."""
    _silence_ms: int = 0
    """Since the last voiced frame."""
    _spoken: bool = False
    """Speech was fed to this stream that no half-close has asked for."""
    _unheard_ms: int = 0
    """Voice since the engine last said anything."""
    _missed: int = 0
    """Utterances in a row of which the stream said nothing."""

    def opened(self, now_ms: float) -> None:
        """A stream hears from now on."""
        self._opened_ms = now_ms
        if self._hears_from_ms is None:
            self._hears_from_ms = now_ms
            self._unheard_ms = self._missed = 0

    def closed(self) -> None:
        """No stream hears until the next one has opened."""
        self._opened_ms = self._hears_from_ms = None

    def heard(self) -> None:
        """A result with words."""
        self._unheard_ms = self._missed = 0
        self.deaf = False
        self.results += 1

    def missed(self) -> None:
        """The one-shot recogniser heard an utterance of which the stream said nothing."""
        self._missed += 1

    def frame(self, *, voiced: bool, speaking: bool, now_ms: float) -> StreamCommand | None:
        """One frame of 20 ms; constant time, on the media path."""
        self._silence_ms = 0 if voiced else self._silence_ms + FRAME_MS
        if speaking:
            self._quiet_ms = 0
            self._spoken = self._spoken or voiced
        else:
            self._quiet_ms += FRAME_MS
        if self._between is not None:
            return self._next(voiced=voiced, speaking=speaking)
        if self._opened_ms is None:
            return None
        if voiced:
            self._unheard_ms += FRAME_MS
        if self._unheard_ms and self._is_deaf(now_ms):
            self.deaf = True
            return self._renew(StreamCommand.RENEW_DEAF)
        if self._is_old(now_ms - self._opened_ms):
            return self._renew(StreamCommand.RENEW_OLD)
        if self._spoken and self._silence_ms >= self.hastening.after_ms and self.hastening.wanted(now_ms):
            self._spoken, self._between = False, StreamCommand.HALF_CLOSE
            self._opened_ms = None  # until the next one has opened, behind this one's last word
            return StreamCommand.HALF_CLOSE
        if self.tuning.pause_after_s and self._quiet_ms >= self.tuning.pause_after_s * 1000:
            self._between = StreamCommand.PAUSE
            self.closed()
            return StreamCommand.PAUSE
        return None

    @property
    def unheard_ms(self) -> int:
        """Voice since the stream last said anything."""
        return self._unheard_ms

    @property
    def quiet(self) -> bool:
        """Nobody has spoken for so long that no word is on the edge of a cut."""
        return self._quiet_ms >= MIN_QUIET_MS

    def _is_deaf(self, now_ms: float) -> bool:
        missed = self._missed >= MIN_MISSED and self._unheard_ms >= MIN_MISSED_MS
        if not missed and self._unheard_ms < self.tuning.deaf_after_ms:
            return False
        return self._hears_from_ms is not None and now_ms - self._hears_from_ms >= MIN_RENEWAL_MS

    def _is_old(self, age_ms: float) -> bool:
        if age_ms < self.tuning.renew_after_s * 1000:
            return False
        return self._quiet_ms >= MIN_QUIET_MS or age_ms >= self.tuning.renew_latest_s * 1000

    def _next(self, *, voiced: bool, speaking: bool) -> StreamCommand | None:
        """Whether the stream that follows begins with this frame."""
        if self._between is StreamCommand.PAUSE:
            if not speaking:
                return None
            self._between = None
            return StreamCommand.RESUME
        if speaking and not voiced:
            return None
        self._between = None
        return StreamCommand.SPOKEN_OVER if speaking else StreamCommand.NEXT

    def _renew(self, command: StreamCommand) -> StreamCommand:
        self.closed()  # until the new one has opened
        return command
