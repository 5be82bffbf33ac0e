from calls.reply.tones import GAP_MS, KEYS, TONE_MS, tones
from stt.audio import FRAME_BYTES
from stt.endpointing.dtmf import DtmfDetector


def heard(ulaw):
    detector, keys = DtmfDetector(), []
    for begin in range(0, len(ulaw), FRAME_BYTES):
        keys.append(detector.push(ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")))
    return keys


def test_each_key_is_as_long_as_it_must_be():
    assert len(tones(KEYS)) == len(KEYS) * (TONE_MS + GAP_MS) * 8


def test_what_is_no_key_makes_no_sound():
    assert tones("x-") == b""
