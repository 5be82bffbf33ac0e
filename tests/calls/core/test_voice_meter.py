"""How long a caller has been speaking."""

import pytest

from calls.core.status import VoicedRun
from calls.core.voice_meter import LONGEST_HOLE_MS, VoiceMeter

HANGOVER_MS = 220


def meter(pattern, *, late_ms=0.0):
    """Fed by frames of 20 ms, from media time 1000 on: V is voiced."""
    voice = VoiceMeter()
    for at, one in enumerate(pattern):
        if one == "V":
            voice.voiced(1000 + 20 * at, 1000.0 + 20 * at + late_ms, HANGOVER_MS)
    return voice


def test_before_the_first_voice_there_is_none():
    assert (VoiceMeter().run, VoiceMeter().last_ms) == (None, 0.0)


def test_voiced_frames_are_counted_from_the_arrival_of_the_first():
    assert meter("..VVV", late_ms=30).run == VoicedRun(1070, 1110, 60)


@pytest.mark.parametrize(("hole", "voiced_ms"), [("", 40), (".", 60), ("...", 100), ("....", 40), ("." * 9, 40)])
def test_a_stop_consonant_counts_as_voice_and_a_pause_does_not(hole, voiced_ms):
    voice = meter(f"V{hole}V")
    assert voice.run == VoicedRun(1000, voice.last_ms, voiced_ms)
    assert voice.last_ms == 1000 + 20 * (len(hole) + 1)


def test_a_hole_that_is_not_closed_does_not_count():
    assert meter("VV...").run.voiced_ms == 40


def test_a_silence_as_long_as_the_hangover_begins_anew():
    assert meter("VV" + "." * (HANGOVER_MS // 20 - 2) + "V").run.voiced_ms == 60
    assert meter("VV" + "." * (HANGOVER_MS // 20 - 1) + "V").run == VoicedRun(1240, 1240, 20)


def test_frames_that_arrive_late_and_together_have_their_holes_by_media_time():
    voice = VoiceMeter()
    for at_ms in (0, 20, 40 + LONGEST_HOLE_MS):
        voice.voiced(at_ms, 500.0, HANGOVER_MS)
    assert voice.run == VoicedRun(500, 500, 40 + LONGEST_HOLE_MS + 20)
