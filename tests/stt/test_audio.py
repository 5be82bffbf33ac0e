"""8 kHz telephone audio."""

import pytest

from stt.audio import (
    FLOOR_DBFS,
    LINE_NOISE,
    ULAW_SILENCE,
    dbfs,
    duration_ms,
    frames_of,
    pcm_to_ulaw,
    stereo,
    ulaw_to_pcm,
)


def test_frames_are_whole():
    assert [len(frame) for frame in frames_of(b"\xff" * 500)] == [160, 160, 160]
    assert b"".join(frames_of(bytes(range(160)) * 2)) == bytes(range(160)) * 2


def test_a_byte_of_ulaw_is_an_eighth_of_a_millisecond():
    assert duration_ms(bytes(160)) == 20


def test_ulaw_comes_back_from_pcm_as_it_was():
    # 0x7f is the other zero.
    every = bytes(byte for byte in range(256) if byte != 0x7F)
    assert pcm_to_ulaw(ulaw_to_pcm(every)) == every


def test_full_scale_is_zero_dbfs_and_silence_the_floor():
    assert dbfs(b"\xff\x7f" * 160) == pytest.approx(0.0, abs=0.01)
    assert dbfs(ulaw_to_pcm(ULAW_SILENCE * 160)) == FLOOR_DBFS
    assert -80 < dbfs(ulaw_to_pcm(LINE_NOISE * 20)) < -60


def test_two_channels_are_one_after_the_other_sample_by_sample():
    left, right = b"\x01\x00\x02\x00", b"\xff\x7f\x00\x80"
    assert stereo(left, right) == b"\x01\x00\xff\x7f\x02\x00\x00\x80"
