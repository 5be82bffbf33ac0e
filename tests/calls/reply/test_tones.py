from calls.reply.tones import GAP_MS, KEYS, TONE_MS, tones
from stt.audio import FRAME_BYTES, ulaw_to_pcm
from stt.endpointing.dtmf import is_dtmf


def frames(ulaw):
    return [ulaw_to_pcm(ulaw[begin : begin + FRAME_BYTES]) for begin in range(0, len(ulaw), FRAME_BYTES)]


def test_every_key_is_heard_as_a_key_and_the_gaps_are_not():
    for key in KEYS:
        heard = [is_dtmf(pcm) for pcm in frames(tones(key))]
        assert heard == [True] * (TONE_MS // 20) + [False] * (GAP_MS // 20)


def test_each_key_is_as_long_as_the_others():
    assert len(tones(KEYS)) == len(KEYS) * (TONE_MS + GAP_MS) * 8


def test_what_is_no_key_makes_no_sound():
    assert tones("x-") == b""
