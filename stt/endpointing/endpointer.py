"""The Endpointer: frames in, speech boundaries out. Pure; all times are media time.

webrtcvad alone takes office noise for speech (false positives .48 to .84 of non-speech frames on telephone noise), so a
frame counts as voiced only if it also stands ``noise_margin_db`` above a tracked noise floor, and is no DTMF tone.
stt/endpointing/boundaries.py makes starts and ends of these decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import webrtcvad

from stt.audio import FLOOR_DBFS, FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, dbfs, ulaw_to_pcm
from stt.endpointing.boundaries import Boundary, SpeechBoundaries, SpeechEnded, SpeechStarted
from stt.endpointing.dtmf import is_dtmf
from stt.endpointing.noise_floor import NoiseFloor
from stt.endpointing.pitch import has_pitch
from stt.tuning import Tuning

__all__ = ["Boundary", "EndpointOptions", "Endpointer", "SpeechEnded", "SpeechStarted", "Vad"]

MIN_SPEECH_DBFS = -55.0
"""Quieter than this is line noise, whatever the floor: µ-law's smallest step is about -70 dBFS."""


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How an endpointer decides."""

    hangover_ms: int = 220
    """Silence that ends an utterance."""
    aggressiveness: int = 2
    """webrtcvad's mode, 0 to 3."""
    noise_margin_db: int = 6
    """Speech stands so much above the noise floor."""
    pre_roll_ms: int = 200
    """Audio before the first voiced frame that belongs to the utterance: soft consonants."""
    longest_ms: int = 55_000
    """An utterance that reaches this is cut: a one-shot recogniser takes 60 s."""

    @classmethod
    def of(cls, tuning: Tuning) -> EndpointOptions:
        """As an engineer has tuned them."""
        return cls(
            hangover_ms=tuning.vad_hangover_ms,
            aggressiveness=tuning.vad_aggressiveness,
            noise_margin_db=tuning.noise_margin_db,
        )


SILERO_LAG_MS = 2 * FRAME_MS
"""stt/endpointing/silero.py's decision is used this long after its chunk was whole, whether it came at once or from the
thread."""


class Vad(Protocol):
    """A voice detector with one call's memory, called as webrtcvad's is."""

    lag_ms: int
    """How long before a frame that audio lies which its decision is about."""

    def is_speech(self, pcm: bytes, sample_rate_hz: int, /) -> bool: ...


class Endpointer:
    """One call's speech boundaries. Not thread-safe; never raises on any 160-byte frame."""

    def __init__(self, options: EndpointOptions, vad: Vad | None = None) -> None:
        """``vad``: instead of webrtcvad and the margin over the noise, which is there for webrtcvad's sake."""
        self.hangover_ms = options.hangover_ms
        """Silence that ends an utterance."""
        self.voiced = False
        """The last frame's decision."""
        self.unvoiced = False
        """The last frame counts as ``voiced``, but was listened to for a voice's pitch in vain."""
        self.echoed = False
        """The last frame was a voice, and too quiet to be the caller's; of frames that are asked about so."""
        self.level_dbfs = FLOOR_DBFS
        """The last frame's level."""
        self.boundaries = SpeechBoundaries(options.hangover_ms, options.longest_ms, 0 if vad is None else vad.lag_ms)
        """Makes utterances of the decisions."""
        self._vad = webrtcvad.Vad(options.aggressiveness) if vad is None else vad
        self._margin_db = options.noise_margin_db if vad is None else -math.inf
        self._floor = NoiseFloor()
        self._pitched = False

    @property
    def speaking(self) -> bool:
        """An utterance is open."""
        return self.boundaries.speaking

    @property
    def last_voiced_end_ms(self) -> int | None:
        """Media time at which the last voiced frame of the last utterance ends."""
        return self.boundaries.last_voiced_end_ms

    def push(self, ulaw: bytes, at_ms: int, least_dbfs: float | None = None) -> Boundary | None:
        """One 20 ms frame that begins at a media time; a voice below ``least_dbfs`` is our own, given back.

        Raises ValueError unless it is 160 bytes.
        """
        if len(ulaw) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(ulaw)}")
        pcm = ulaw_to_pcm(ulaw)
        self.level_dbfs = dbfs(pcm)
        stands_out = self.level_dbfs >= max(MIN_SPEECH_DBFS, self._floor.dbfs + self._margin_db)
        # The VAD hears every frame, for it adapts; the tone test is only for what would count as speech.
        vad = self._vad.is_speech(pcm, SAMPLE_RATE_HZ)
        self.voiced = vad and stands_out and not is_dtmf(pcm)
        if least_dbfs is not None:
            self.echoed = self.voiced and self.level_dbfs < least_dbfs
            self.voiced = self.voiced and not self.echoed
        listened = self.voiced and not self.boundaries.speaking
        self._pitched = listened and has_pitch(pcm)
        self.unvoiced = listened and not self._pitched
        self._floor.push(self.level_dbfs)
        return self.boundaries.step(at_ms, self.voiced, self._pitched)

    def conceal(self, at_ms: int) -> Boundary | None:
        """A lost frame: counts as the last decision; a short loss is no silence."""
        return self.boundaries.step(at_ms, self.voiced, self._pitched)

    def end(self) -> SpeechEnded | None:
        """The audio ends here: close an utterance that is open at its last voiced frame."""
        return self.boundaries.end()
