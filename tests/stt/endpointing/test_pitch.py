"""A voice has a pitch; clatter has none."""

from random import Random

import pytest

from stt.audio import pcm_to_ulaw, ulaw_to_pcm
from stt.endpointing.pitch import has_pitch
from tests.sounds import silence, speech, tone


def pitched_share(frames):
    decisions = [has_pitch(ulaw_to_pcm(frame)) for frame in frames]
    return sum(decisions) / len(decisions)


def white_noise(ms):
    random = Random(1)
    return [
        pcm_to_ulaw(b"".join(round(random.gauss(0, 3000)).to_bytes(2, "little", signed=True) for _ in range(160)))
        for _ in range(ms // 20)
    ]


@pytest.mark.parametrize("hz", [90, 120, 200, 300, 390])
def test_a_voice_of_any_height_has_a_pitch(hz):
    assert pitched_share(tone(hz, 2 * hz, 400)) == 1.0


def test_a_spoken_word_has_frames_with_a_pitch():
    assert pitched_share(speech(300)) > 0.3


def test_noise_has_none():
    assert pitched_share(white_noise(2000)) < 0.02
    assert pitched_share(silence(2000)) < 0.02


def test_digital_silence_has_none():
    assert not has_pitch(bytes(320))


def test_a_click_has_none():
    assert not has_pitch(bytes(100) + b"\xff\x7f" * 3 + bytes(214))
