"""Our voice comes back at its level, after its delay, and in front of it the caller's own."""

import audioop

import pytest

from calls.lab.echo_path import Echo, EchoError, EchoPath
from calls.lab.gsm import GsmLeg, GsmMissing
from stt.audio import FRAME_BYTES, ULAW_SILENCE, dbfs, frames_of, pcm_to_ulaw, ulaw_to_pcm
from tests.sounds import silence, speech

SILENT = ULAW_SILENCE * FRAME_BYTES


def given_back(far_ulaw, echo, near_ulaw=None, path=None):
    """All of what the line carries while this is played."""
    path = path or EchoPath(echo)
    played = ULAW_SILENCE * echo.delay_samples + far_ulaw
    near_ulaw = near_ulaw or ULAW_SILENCE * len(far_ulaw)
    return b"".join(
        path.mix(near, played[at : at + FRAME_BYTES])
        for at, near in zip(range(0, len(far_ulaw), FRAME_BYTES), frames_of(near_ulaw), strict=True)
    )


@pytest.mark.parametrize("level_db", [0, -6, -20, -25, -30, -35])
def test_the_echo_is_so_much_below_what_was_played(level_db):
    far = b"".join(speech(2000))
    back = given_back(far, Echo(level_db, 20))[FRAME_BYTES:]
    assert dbfs(ulaw_to_pcm(back)) - dbfs(ulaw_to_pcm(far[:-FRAME_BYTES])) == pytest.approx(level_db, abs=0.5)


@pytest.mark.parametrize("delay_ms", [20, 150, 257, 400])
def test_the_echo_comes_after_its_delay_to_the_sample(delay_ms):
    click = pcm_to_ulaw(b"\x00\x60") + ULAW_SILENCE * 7999
    back = given_back(click, Echo(-6, delay_ms))
    assert [at for at, byte in enumerate(back) if byte != ULAW_SILENCE[0]] == [delay_ms * 8]


def test_echo_and_caller_are_added_and_clipped():
    loud = pcm_to_ulaw((30_000).to_bytes(2, "little", signed=True) * FRAME_BYTES)
    assert audioop.minmax(ulaw_to_pcm(EchoPath(Echo(0, 20)).mix(loud, loud)), 2) == (32_124, 32_124)
    soft = pcm_to_ulaw((1000).to_bytes(2, "little") * FRAME_BYTES)
    (mixed, _) = audioop.minmax(ulaw_to_pcm(EchoPath(Echo(-6.0206, 20)).mix(soft, soft)), 2)
    assert mixed == pytest.approx(1500, rel=0.03)


def test_a_frame_without_echo_is_the_callers_to_the_byte():
    near = bytes([0x7F, 0xFF, 0x80, 0x00]) * 40
    assert EchoPath(Echo(-20, 20)).mix(near, SILENT) == near
    assert EchoPath(Echo(-90, 20)).mix(near, silence(20)[0]) == near


def test_a_mobile_phone_changes_the_echo_and_hardly_its_level():
    echo = Echo(-20, 20, gsm=True)
    far = b"".join(speech(2000))
    try:
        path = EchoPath(echo, GsmLeg().carry, GsmLeg().carry)
    except GsmMissing as missing:
        pytest.skip(str(missing))
    back = given_back(far, echo, path=path)[FRAME_BYTES:]
    assert back != given_back(far, echo)[FRAME_BYTES:]
    assert dbfs(ulaw_to_pcm(back)) - dbfs(ulaw_to_pcm(far)) == pytest.approx(-20, abs=3)


@pytest.mark.parametrize(
    ("text", "echo"),
    [("-25:250", Echo(-25, 250)), ("-32.5:150:gsm", Echo(-32.5, 150, gsm=True)), ("0:20", Echo(0, 20))],
)
def test_an_echo_is_read(text, echo):
    assert Echo.read(text) == echo


@pytest.mark.parametrize("text", ["", "-25", "-25:", "3:200", "-25:10", "-25:200:amr", "-25:99999", "x:200"])
def test_an_echo_that_cannot_be_read_is_refused(text):
    with pytest.raises(EchoError, match="^bad_echo|write it as") as refused:
        Echo.read(text)
    assert refused.value.code == "bad_echo"
