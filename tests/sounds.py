"""Audio for tests: rows of 20 ms µ-law frames."""

import array
import math
from random import Random

from stt.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, pcm_to_ulaw
from stt.emulator.recordings import read_ulaw
from tests.paths import SAMPLES

_SPOKEN = read_ulaw(SAMPLES / "apartment_4.wav")[1600:]
_WORD = [_SPOKEN[i : i + FRAME_BYTES] for i in range(0, 2400, FRAME_BYTES)]


def speech(ms):
    """A voiced sound that every VAD mode takes for speech."""
    return [_WORD[i % len(_WORD)] for i in range(ms // FRAME_MS)]


def silence(ms, seed=1):
    """Line noise, as between words on a telephone."""
    random = Random(seed)
    return [bytes(random.choices(b"\xff\x7f\xfe\x7e", k=FRAME_BYTES)) for _ in range(ms // FRAME_MS)]


def tone(low_hz, high_hz, ms, *, twist_db=0.0, noise_db=-90.0):
    """A key's two tones: how much louder the high one is, and white noise beside them, relative to the low one."""
    random, low, high = Random(1), 6000, 6000 * 10 ** (twist_db / 20)
    noise = low * 10 ** (noise_db / 20)
    samples = array.array(
        "h",
        [
            round(
                low * math.sin(2 * math.pi * low_hz * i / SAMPLE_RATE_HZ)
                + high * math.sin(2 * math.pi * high_hz * i / SAMPLE_RATE_HZ)
                + random.gauss(0, noise)
            )
            for i in range(ms * SAMPLE_RATE_HZ // 1000)
        ],
    )
    ulaw = pcm_to_ulaw(samples.tobytes())
    return [ulaw[i : i + FRAME_BYTES] for i in range(0, len(ulaw), FRAME_BYTES)]
