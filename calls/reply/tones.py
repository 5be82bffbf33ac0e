"""Keypad tones as sound: a media stream has no outward DTMF message. Pure.

Frequencies: ITU-T Q.23. 100 ms a digit and 60 ms between them: ITU-T Q.24 asks for 40 each.
"""

from __future__ import annotations

import array
import math

from stt.audio import SAMPLE_RATE_HZ, ULAW_SILENCE, pcm_to_ulaw

TONE_MS, GAP_MS = 100, 60
AMPLITUDE = 8000
"""Of each of the two, of 32767: -12 dBFS, and their sum does not clip."""
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


def tones(digits: str) -> bytes:
    """The 8 kHz µ-law of these keys; others are passed over."""
    gap = ULAW_SILENCE * (GAP_MS * SAMPLE_RATE_HZ // 1000)
    return b"".join(_tone(KEYS.index(key)) + gap for key in digits if key in KEYS)


def _tone(place: int) -> bytes:
    low_hz, high_hz = LOW_HZ[place // 4], HIGH_HZ[place % 4]
    samples = array.array(
        "h",
        (
            round(AMPLITUDE * sum(math.sin(2 * math.pi * hz * at / SAMPLE_RATE_HZ) for hz in (low_hz, high_hz)))
            for at in range(TONE_MS * SAMPLE_RATE_HZ // 1000)
        ),
    )
    return pcm_to_ulaw(samples.tobytes())
