"""A key's tone is told from speech."""

import pytest

from stt.audio import frames_of, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing.dtmf import HIGH_TONES_HZ, LOW_TONES_HZ, is_dtmf
from tests.paths import SAMPLES
from tests.sounds import silence, tone


def share_of_tones(frames):
    decisions = [is_dtmf(ulaw_to_pcm(frame)) for frame in frames]
    return sum(decisions) / len(decisions)


@pytest.mark.parametrize("low_hz", LOW_TONES_HZ)
@pytest.mark.parametrize("high_hz", HIGH_TONES_HZ)
def test_each_key_is_a_tone(low_hz, high_hz):
    assert share_of_tones(tone(low_hz, high_hz, 400)) == 1.0


@pytest.mark.parametrize("twist_db", [-8, 4])
def test_a_key_is_a_tone_though_one_frequency_is_louder(twist_db):
    assert share_of_tones(tone(770, 1336, 400, twist_db=twist_db)) == 1.0


def test_one_frequency_alone_is_no_key():
    assert share_of_tones(tone(770, 770, 400)) == 0.0
    assert share_of_tones(tone(1336, 1336, 400)) == 0.0


def test_two_other_frequencies_are_no_key():
    assert share_of_tones(tone(600, 1000, 400)) == 0.0


def test_silence_is_no_key():
    assert not is_dtmf(bytes(320))
    assert share_of_tones(silence(1000)) == 0.0


def test_a_tone_that_begins_within_the_frame_is_not_taken_for_a_key():
    """Its halves are not alike."""
    late = bytes(200) + ulaw_to_pcm(tone(770, 1336, 20)[0])[:120]
    assert not is_dtmf(late)


def test_speech_is_no_key():
    frames = [frame for path in sorted(SAMPLES.glob("*.wav")) for frame in frames_of(read_ulaw(path))]
    assert len(frames) > 1000
    assert share_of_tones(frames) < 0.001
