"""Where a voice's sound begins."""

from calls.reply.onset import MAX_QUIET_MS, Onset
from stt.audio import BYTES_PER_MS, ULAW_SILENCE
from tests.sounds import speech

LOUD = b"".join(speech(200))


def quiet(ms):
    return ULAW_SILENCE * ms * BYTES_PER_MS


def test_the_quiet_before_the_first_sound_is_left_out_but_for_a_moment():
    assert Onset().of(quiet(60) + LOUD) == quiet(10) + LOUD
    assert Onset().of(LOUD) == LOUD


def test_quiet_in_chunks_is_left_out_until_the_sound_comes_and_not_behind_it():
    onset = Onset()
    assert [onset.of(quiet(50)), onset.of(quiet(50))] == [b"", b""]
    assert onset.of(quiet(20) + LOUD) == quiet(10) + LOUD
    assert onset.of(quiet(50)) == quiet(50)


def test_a_long_quiet_is_the_voices_own():
    onset = Onset()
    given = b"".join(onset.of(quiet(100)) for _ in range(8))
    assert len(given) // BYTES_PER_MS >= 800 - MAX_QUIET_MS
