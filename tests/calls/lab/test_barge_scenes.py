"""The audio of barge-in's scenes: levels, lengths, and that an answer's words sound as they are asked for."""

from itertools import pairwise
from random import Random

import pytest

from calls.lab.barge_scenes import (
    ANSWER_DBFS,
    BEGINS_MS,
    DELAYS_MS,
    PLAY_MS,
    LineSpeech,
    at_level,
    line_speech,
    lonely_scenes,
    speech_dbfs,
    spoken_over_scenes,
)
from stt.audio import duration_ms
from stt.emulator.recordings import Clip, Library, Spoken
from tests.paths import SAMPLES

CLIPS = Library([SAMPLES]).recordings
OURS = [clip for clip in CLIPS if clip.name.startswith("doctor")]
CALLERS = [clip for clip in CLIPS if clip.name.startswith("order")]


def test_an_answer_lasts_eight_seconds_at_the_level_of_a_voice():
    speech = line_speech(OURS, Random(1))
    assert PLAY_MS <= duration_ms(speech.clip.ulaw) < PLAY_MS + 5000
    assert speech_dbfs(speech.clip.ulaw) == pytest.approx(ANSWER_DBFS, abs=1)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(speech.clip.words))
    assert speech.clip.words[-1].end_ms <= duration_ms(speech.clip.ulaw)


def test_words_of_an_answer_sound_from_the_first_to_the_last():
    words = (Spoken("a", 10, 20), Spoken("b", 30, 50), Spoken("c", 60, 90))
    ulaw = bytes(range(200)) * 4
    speech = LineSpeech(Clip("x", ulaw, words))
    assert speech.text == "a b c"
    assert speech.sound_of("a b c") == ulaw[80:720]
    assert speech.sound_of("b c") == ulaw[240:720]
    for other in ("c b", "", "a b c d"):
        with pytest.raises(LookupError):
            speech.sound_of(other)


@pytest.mark.parametrize("against_ours_db", [0, -6, -12])
def test_a_caller_is_so_loud_against_the_line(against_ours_db):
    (scene,) = spoken_over_scenes(OURS, CALLERS[:1], 1, -25, against_ours_db, seed=1)
    assert speech_dbfs(scene.caller.ulaw) == pytest.approx(ANSWER_DBFS + against_ours_db, abs=0.5)
    assert BEGINS_MS[0] <= scene.begins_ms <= BEGINS_MS[1]
    assert scene.caller.words == CALLERS[0].words


def test_a_level_is_that_of_the_speech_and_not_of_the_silence_around_it():
    clip = CALLERS[0]
    padded = Clip(clip.name, clip.ulaw + b"\xff" * 16_000, clip.words)
    assert speech_dbfs(padded.ulaw) == pytest.approx(speech_dbfs(clip.ulaw), abs=0.1)
    assert speech_dbfs(at_level(padded, -30).ulaw) == pytest.approx(-30, abs=0.5)


def test_scenes_are_the_same_for_a_seed_and_their_delays_are_spread():
    scenes = lonely_scenes(OURS, 20, -20, seed=1)
    assert scenes == lonely_scenes(OURS, 20, -20, seed=1) != lonely_scenes(OURS, 20, -20, seed=2)
    delays = [scene.echo.delay_ms for scene in scenes]
    assert DELAYS_MS[0] <= min(delays) < 220 and 330 < max(delays) <= DELAYS_MS[1]
    assert {scene.caller for scene in scenes} == {None}
    assert [scene.echo for scene in lonely_scenes(OURS, 2, None, seed=1)] == [None, None]


def test_every_caller_speaks_in_turn():
    scenes = spoken_over_scenes(OURS, CALLERS, 2 * len(CALLERS), None, 0, seed=3)
    assert [scene.caller.name for scene in scenes] == [clip.name for clip in CALLERS] * 2
