"""SpeechBoundaries: frames' decisions in, starts and ends of speech out. Pure; all times are media time.

Speech starts with two voiced frames of three, one of which has a voice's pitch, and ends after the hangover without a
voiced one. Knows no audio: stt/endpointing/endpointer.py decides what a frame is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from stt.audio import FRAME_MS

START_VOICED_FRAMES, START_FRAMES = 2, 3
"""Speech starts when so many of the last so many frames are voiced."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """An utterance has begun."""

    start_ms: int
    """Media time at which the first voiced frame begins."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """An utterance is over."""

    start_ms: int
    end_ms: int
    """Media time at which the last voiced frame ends."""
    cut: bool
    """The longest utterance was reached: speech goes on."""
    voiced_ms: int
    """Duration of its voiced frames."""


Boundary = SpeechStarted | SpeechEnded


class SpeechBoundaries:
    """One call's utterances, by their frames' decisions. Not thread-safe; never raises; constant memory."""

    def __init__(self, hangover_ms: int, longest_ms: int, lag_ms: int = 0) -> None:
        """``lag_ms``: how long before a frame that audio lies which its decision is about."""
        self.hangover_ms = hangover_ms
        """Silence that ends an utterance."""
        self.speaking = False
        """An utterance is open."""
        self.last_voiced_end_ms: int | None = None
        """Media time at which the last voiced frame of the last utterance ends."""
        self._longest_ms = longest_ms
        self._lag_ms = lag_ms
        self._recent: deque[tuple[bool, int, bool]] = deque(maxlen=START_FRAMES)
        """Of the last frames: voiced, where they begin, and whether they have a voice's pitch."""
        self._start_ms = 0
        self._voiced_ms = 0
        self._at_ms = 0
        """Media time at which the last frame ends."""

    def step(self, at_ms: int, voiced: bool, pitched: bool) -> Boundary | None:
        """One 20 ms frame that begins at a media time, and what was decided of it."""
        at_ms = max(at_ms, self._at_ms)
        self._at_ms = at_ms + FRAME_MS
        if not self.speaking:
            return self._listen(at_ms, voiced, pitched)
        last_end_ms = self.last_voiced_end_ms or at_ms
        if at_ms - last_end_ms >= self.hangover_ms:
            # A gap in the audio was longer than the hangover: it ended before this frame.
            ended = self._close(cut=False)
            self._recent.append((voiced, at_ms, pitched))
            return ended
        if voiced:
            self.last_voiced_end_ms = self._at_ms
            self._voiced_ms += FRAME_MS
        if self._at_ms - self._start_ms >= self._longest_ms:
            return self._close(cut=True)
        if self._at_ms - (self.last_voiced_end_ms or self._at_ms) >= self.hangover_ms:
            return self._close(cut=False)
        return None

    def end(self) -> SpeechEnded | None:
        """The audio ends here: close an utterance that is open at its last voiced frame."""
        return self._close(cut=False) if self.speaking else None

    def _listen(self, at_ms: int, voiced: bool, pitched: bool) -> SpeechStarted | None:
        self._recent.append((voiced, at_ms, pitched))
        if not voiced:
            return None
        recent = [frame for frame in self._recent if frame[0] and at_ms - frame[1] < START_FRAMES * FRAME_MS]
        if len(recent) < START_VOICED_FRAMES or not any(pitched for _, _, pitched in recent):
            return None
        starts = [start_ms for _, start_ms, _ in recent]
        self.speaking = True
        # Only the start: an end told a little late is safe, for words fade out behind it.
        self._start_ms = max(starts[0] - self._lag_ms, self.last_voiced_end_ms or 0)
        self._voiced_ms = len(starts) * FRAME_MS
        self.last_voiced_end_ms = self._at_ms
        return SpeechStarted(self._start_ms)

    def _close(self, *, cut: bool) -> SpeechEnded:
        self.speaking = False
        self._recent.clear()
        end_ms = self.last_voiced_end_ms if self.last_voiced_end_ms is not None else self._at_ms
        return SpeechEnded(self._start_ms, max(end_ms, self._start_ms), cut, self._voiced_ms)
