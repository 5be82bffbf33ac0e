"""The Endpointer: frames in, speech boundaries out. Pure; all times are media time.

webrtcvad alone takes office noise for speech (false positives .48 to .84 of non-speech frames on telephone noise), so a
frame counts as voiced only if it also stands ``noise_margin_db`` above a tracked noise floor, and is no DTMF tone.
Speech starts with two voiced frames of three, one of which has a voice's pitch, and ends after ``hangover_ms`` without
a voiced one.
"""

from __future__ import annotations

import audioop
import math
import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import webrtcvad

from stt.audio import FLOOR_DBFS, FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, dbfs, ulaw_to_pcm
from stt.tuning import Tuning

LOUD_ENOUGH_DBFS = -55.0
"""Quieter than this is line noise, whatever the floor: µ-law's smallest step is about -70 dBFS."""
FLOOR_WINDOW_MS = 400
"""The floor follows the quietest frame of each window..."""
FLOOR_WINDOWS = 8
"""...over this many windows: long enough to bridge a word, short enough to follow rising noise."""
NO_NOISE_DBFS = -75.0
"""A frame below this is digital silence, a gap that was filled: it says nothing of the line's noise."""
FIRST_FRAMES = 20
FIRST_FLOOR_DBFS = -35.0
"""Until the first window is full the floor is taken from the quietest frame so far, but never above this."""
FLOOR_BIAS_DB = 8.0
"""The quietest frame of a window lies this far below the noise's usual level (minimum statistics, Martin 2001)."""
START_VOICED, START_OF = 2, 3
PITCH_LAGS = range(SAMPLE_RATE_HZ // 400, SAMPLE_RATE_HZ // 80, 2)
"""In samples."""
PITCH_LIKENESS = 0.65
"""Normalised autocorrelation at the best lag: office noise stays below 0.6, each utterance at 5 dB reaches 0.78."""
TONES_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
TONE_CROSSINGS = range(2 * 697 * FRAME_MS // 1000 - 3, 2 * 1633 * FRAME_MS // 1000 + 4)
"""Zero crossings of a frame that two of these frequencies make, whichever is louder: most of speech has fewer."""
TONE_CREST = 2.8
"""Peak over root mean square: two tones of any ratio reach 2.0, on a noisy line 2.7; most of speech lies above."""
STEADY = 0.25
"""Share by which the halves of a tone's frame may differ."""
TONE_SHARE = 0.8
"""Share of a frame's energy in one low and one high DTMF frequency that makes it a key's tone."""


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    hangover_ms: int = 220
    aggressiveness: int = 2
    """webrtcvad's mode, 0 to 3."""
    noise_margin_db: int = 6
    pre_roll_ms: int = 200
    """Audio before the first voiced frame that belongs to the utterance: soft consonants."""
    longest_ms: int = 55_000

    @classmethod
    def of(cls, tuning: Tuning) -> EndpointOptions:
        """As an engineer has tuned them."""
        return cls(
            hangover_ms=tuning.vad_hangover_ms,
            aggressiveness=tuning.vad_aggressiveness,
            noise_margin_db=tuning.noise_margin_db,
        )


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    start_ms: int
    """Media time at which the first voiced frame begins."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    start_ms: int
    end_ms: int
    """Media time at which the last voiced frame ends."""
    cut: bool
    """The longest utterance was reached: speech goes on."""
    voiced_ms: int


Boundary = SpeechStarted | SpeechEnded


class Vad(Protocol):
    """A voice detector with one call's memory, called as webrtcvad's is."""

    lag_ms: int
    """How long before a frame that audio lies which its decision is about."""

    def is_speech(self, pcm: bytes, sample_rate_hz: int, /) -> bool: ...


class Endpointer:
    """One call's speech boundaries. Not thread-safe; never raises on any 160-byte frame."""

    def __init__(self, options: EndpointOptions, vad: Vad | None = None) -> None:
        """``vad``: instead of webrtcvad and the margin over the noise, which is there for webrtcvad's sake."""
        self.options = options
        self.speaking = False
        self.voiced = False
        """The last frame's decision."""
        self.pitchless = False
        """The last frame was voiced, and listened to for a voice's pitch in vain."""
        self.level_dbfs = FLOOR_DBFS
        self.last_voiced_end_ms: int | None = None
        self._vad = webrtcvad.Vad(options.aggressiveness) if vad is None else vad
        self._lag_ms = 0 if vad is None else vad.lag_ms
        self._margin_db = options.noise_margin_db if vad is None else -math.inf
        self._floor = _NoiseFloor()
        self._recent: deque[tuple[bool, int, bool]] = deque(maxlen=START_OF)
        """Of the last frames: voiced, where they begin, and whether they have a voice's pitch."""
        self._pitched = False
        self._start_ms = 0
        self._voiced_ms = 0
        self._at_ms = 0

    @property
    def floor_dbfs(self) -> float:
        return self._floor.dbfs

    def push(self, ulaw: bytes, at_ms: int) -> Boundary | None:
        """One 20 ms frame that begins at a media time. Raises ValueError unless it is 160 bytes."""
        if len(ulaw) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(ulaw)}")
        pcm = ulaw_to_pcm(ulaw)
        self.level_dbfs = dbfs(pcm)
        stands_out = self.level_dbfs >= max(LOUD_ENOUGH_DBFS, self._floor.dbfs + self._margin_db)
        # The VAD hears every frame, for it adapts; the tone test is only for what would count as speech.
        vad = self._vad.is_speech(pcm, SAMPLE_RATE_HZ)
        self.voiced = vad and stands_out and not is_dtmf(pcm)
        listened = self.voiced and not self.speaking
        self._pitched = listened and has_pitch(pcm)
        self.pitchless = listened and not self._pitched
        self._floor.push(self.level_dbfs)
        return self._step(at_ms)

    def conceal(self, at_ms: int) -> Boundary | None:
        """A lost frame: counts as the last decision; a short loss is no silence."""
        return self._step(at_ms)

    def end(self) -> SpeechEnded | None:
        """The audio ends here: close an utterance that is open at its last voiced frame."""
        return self._close(cut=False) if self.speaking else None

    def _step(self, at_ms: int) -> Boundary | None:
        at_ms = max(at_ms, self._at_ms)
        self._at_ms = at_ms + FRAME_MS
        if not self.speaking:
            return self._listen(at_ms)
        last_end_ms = self.last_voiced_end_ms or at_ms
        if at_ms - last_end_ms >= self.options.hangover_ms:
            # A gap in the audio was longer than the hangover: it ended before this frame.
            ended = self._close(cut=False)
            self._recent.append((self.voiced, at_ms, self._pitched))
            return ended
        if self.voiced:
            self.last_voiced_end_ms = self._at_ms
            self._voiced_ms += FRAME_MS
        if self._at_ms - self._start_ms >= self.options.longest_ms:
            return self._close(cut=True)
        if self._at_ms - (self.last_voiced_end_ms or self._at_ms) >= self.options.hangover_ms:
            return self._close(cut=False)
        return None

    def _listen(self, at_ms: int) -> SpeechStarted | None:
        self._recent.append((self.voiced, at_ms, self._pitched))
        if not self.voiced:
            return None
        recent = [frame for frame in self._recent if frame[0] and at_ms - frame[1] < START_OF * FRAME_MS]
        if len(recent) < START_VOICED or not any(pitched for _, _, pitched in recent):
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


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was made of one frame."""

    level_dbfs: float
    voiced: bool
    pitchless: bool = False


class ReplayedEndpointer(Endpointer):
    """Finds boundaries in what was perceived before, by media time; audio is not listened to.

    A higher ``noise_margin_db`` than the one that was heard with takes voice away where the level says so. Voice that
    was not listened to for a pitch counts as having one. ``lag_ms``: of the other detector that it was heard with.
    """

    def __init__(self, options: EndpointOptions, perceived: Mapping[int, Perceived], lag_ms: int = 0) -> None:
        super().__init__(options)
        self._perceived = perceived
        if lag_ms:
            self._lag_ms, self._margin_db = lag_ms, -math.inf

    def push(self, ulaw: bytes, at_ms: int) -> Boundary | None:
        frame = self._perceived.get(at_ms, _NOTHING)
        self.level_dbfs = frame.level_dbfs
        stands_out = frame.level_dbfs >= self._floor.dbfs + self._margin_db - LEVEL_STEP_DB
        self.voiced = frame.voiced and stands_out
        self._pitched = self.voiced and not frame.pitchless
        self._floor.push(frame.level_dbfs)
        return self._step(at_ms)


LEVEL_STEP_DB = 1.0
"""Levels are kept in whole dB: a frame at the margin's edge was decided on finer ones."""
_NOTHING = Perceived(FLOOR_DBFS, False)


class _NoiseFloor:
    """Minimum statistics: the quietest frame of the last windows, raised by what a minimum lies below the mean."""

    def __init__(self) -> None:
        self.dbfs = FLOOR_DBFS
        self._minima: deque[float] = deque(maxlen=FLOOR_WINDOWS)
        self._window = 0.0
        self._frames = 0

    def push(self, level_dbfs: float) -> None:
        if level_dbfs < NO_NOISE_DBFS:
            return
        self._window = min(self._window, level_dbfs)
        self._frames += 1
        if not self._minima and self._frames <= FIRST_FRAMES:
            # A call's first frames are the only guess there is, and speech at once must not become the floor.
            self.dbfs = min(self._window + FLOOR_BIAS_DB, FIRST_FLOOR_DBFS)
        if self._frames * FRAME_MS >= FLOOR_WINDOW_MS:
            self._minima.append(self._window)
            self.dbfs = min(self._minima) + FLOOR_BIAS_DB
            self._window, self._frames = 0.0, 0


def _reference(hz: int, phase: float) -> bytes:
    samples = [round(16000 * math.sin(2 * math.pi * hz * i / SAMPLE_RATE_HZ + phase)) for i in range(FRAME_BYTES)]
    return struct.pack(f"<{FRAME_BYTES}h", *samples)


_REFERENCES = [[(_reference(hz, 0.0), _reference(hz, math.pi / 2)) for hz in group] for group in TONES_HZ]


def is_dtmf(pcm: bytes) -> bool:
    """A 20 ms PCM16 frame that is two DTMF frequencies and little else.

    ``audioop.findfactor`` is a dot product in C, so each frequency costs a microsecond.
    """
    rms = audioop.rms(pcm, 2)
    if rms == 0 or audioop.max(pcm, 2) > TONE_CREST * rms:
        return False
    if audioop.cross(pcm, 2) not in TONE_CROSSINGS or not _is_steady(pcm):
        return False
    power = rms**2
    low, high = _REFERENCES
    low_share = max([_power(pcm, *pair) for pair in low]) / power
    if low_share < TONE_SHARE / 10:
        return False
    high_share = max([_power(pcm, *pair) for pair in high]) / power
    return low_share + high_share >= TONE_SHARE and high_share >= TONE_SHARE / 10


def _is_steady(pcm: bytes) -> bool:
    """Both halves are equally loud, as two tones are that beat several times in each."""
    first, second = audioop.rms(pcm[: len(pcm) // 2], 2), audioop.rms(pcm[len(pcm) // 2 :], 2)
    return abs(first - second) <= STEADY * max(first, second)


def has_pitch(pcm: bytes) -> bool:
    """A 20 ms PCM16 frame repeats itself at some pitch from 80 to 400 Hz: a voice does, clatter and babble do not."""
    for lag in PITCH_LAGS:
        late, early = pcm[2 * lag :], pcm[: -2 * lag]
        late_rms, early_rms = audioop.rms(late, 2), audioop.rms(early, 2)
        if late_rms and audioop.findfactor(late, early) * early_rms >= PITCH_LIKENESS * late_rms:
            return True
    return False


def _power(pcm: bytes, sine: bytes, cosine: bytes) -> float:
    """Power of one frequency in the frame, in squared sample units."""
    amplitude_2 = audioop.findfactor(pcm, sine) ** 2 + audioop.findfactor(pcm, cosine) ** 2
    return amplitude_2 * 16000**2 / 2
