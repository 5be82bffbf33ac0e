"""A mobile phone's codec."""

import pytest

from calls.lab import gsm
from stt.audio import FRAME_BYTES, dbfs, ulaw_to_pcm
from tests.sounds import speech


def test_what_comes_out_is_as_long_and_about_as_loud():
    pcm = ulaw_to_pcm(b"".join(speech(1000)))
    try:
        carried = gsm.GsmLeg().carry(pcm)
    except gsm.GsmMissing as missing:
        pytest.skip(str(missing))
    assert len(carried) == len(pcm) and carried != pcm
    assert dbfs(carried) == pytest.approx(dbfs(pcm), abs=2)


def test_speech_that_is_cut_off_leaves_silence_behind():
    pcm = ulaw_to_pcm(b"".join(speech(1000)))
    try:
        legs = [gsm.GsmLeg() for _ in range(10)]
    except gsm.GsmMissing as missing:
        pytest.skip(str(missing))
    for frames, leg in enumerate(legs, 15):
        leg.carry(pcm[: 2 * FRAME_BYTES * frames])
        assert dbfs(leg.carry(bytes(2 * FRAME_BYTES * 50))[2 * FRAME_BYTES :]) < -55


def test_part_of_a_frame_is_refused():
    try:
        leg = gsm.GsmLeg()
    except gsm.GsmMissing as missing:
        pytest.skip(str(missing))
    with pytest.raises(ValueError, match="no whole frames"):
        leg.carry(bytes(2 * FRAME_BYTES + 2))


def test_a_machine_without_the_library_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(gsm, "LIBRARY", "libgsm_that_is_not_here.so.1")
    with pytest.raises(gsm.GsmMissing, match="apt install libgsm1") as missing:
        gsm.GsmLeg()
    assert missing.value.code == "gsm_missing"
