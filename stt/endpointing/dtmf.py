"""Tells a telephone key's tone from speech, one frame at a time. Pure.

The cheapest test comes first, and most of speech fails it. ``audioop.findfactor`` is a dot product in C, so each
frequency costs a microsecond.
"""

from __future__ import annotations

import audioop
import math
import struct

from stt.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ

LOW_TONES_HZ = 697, 770, 852, 941
"""The row of a key (ITU-T Q.23)."""
HIGH_TONES_HZ = 1209, 1336, 1477, 1633
"""The column of a key (ITU-T Q.23)."""
CROSSINGS = range(2 * 697 * FRAME_MS // 1000 - 3, 2 * 1633 * FRAME_MS // 1000 + 4)
"""Zero crossings of a frame that two of these frequencies make, whichever is louder: most of speech has fewer."""
MAX_CREST = 2.8
"""Peak over root mean square: two tones of any ratio reach 2.0, on a noisy line 2.7; most of speech lies above."""
MAX_UNSTEADY_SHARE = 0.25
"""The halves of a tone's frame differ by no more than this share of the louder one."""
MIN_TONE_SHARE = 0.8
"""Share of a frame's energy in one low and one high frequency that makes it a key's tone."""
MIN_ONE_TONE_SHARE = MIN_TONE_SHARE / 10
"""Share of the energy that the weaker of the two frequencies has at least."""
REFERENCE_AMPLITUDE = 16000


def is_dtmf(pcm: bytes) -> bool:
    """A 20 ms PCM16 frame is two DTMF frequencies and little else."""
    rms = audioop.rms(pcm, 2)
    if rms == 0 or audioop.max(pcm, 2) > MAX_CREST * rms:
        return False
    if audioop.cross(pcm, 2) not in CROSSINGS or not _is_steady(pcm):
        return False
    power = rms**2
    low_share = max([_power(pcm, *pair) for pair in _LOW_REFERENCES]) / power
    if low_share < MIN_ONE_TONE_SHARE:
        return False
    high_share = max([_power(pcm, *pair) for pair in _HIGH_REFERENCES]) / power
    return low_share + high_share >= MIN_TONE_SHARE and high_share >= MIN_ONE_TONE_SHARE


def _is_steady(pcm: bytes) -> bool:
    """Both halves are equally loud, as two tones are that beat several times in each."""
    first, second = audioop.rms(pcm[: len(pcm) // 2], 2), audioop.rms(pcm[len(pcm) // 2 :], 2)
    return abs(first - second) <= MAX_UNSTEADY_SHARE * max(first, second)


def _power(pcm: bytes, sine: bytes, cosine: bytes) -> float:
    """Power of one frequency in the frame, in squared sample units."""
    amplitude_2 = audioop.findfactor(pcm, sine) ** 2 + audioop.findfactor(pcm, cosine) ** 2
    return amplitude_2 * REFERENCE_AMPLITUDE**2 / 2


def _reference(hz: int, phase: float) -> bytes:
    samples = [
        round(REFERENCE_AMPLITUDE * math.sin(2 * math.pi * hz * i / SAMPLE_RATE_HZ + phase)) for i in range(FRAME_BYTES)
    ]
    return struct.pack(f"<{FRAME_BYTES}h", *samples)


def _pairs(tones_hz: tuple[int, ...]) -> list[tuple[bytes, bytes]]:
    return [(_reference(hz, 0.0), _reference(hz, math.pi / 2)) for hz in tones_hz]


_LOW_REFERENCES, _HIGH_REFERENCES = _pairs(LOW_TONES_HZ), _pairs(HIGH_TONES_HZ)
"""A frame of each frequency's sine and cosine."""
