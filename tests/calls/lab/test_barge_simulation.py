"""A line that is spoken over, with the product's own parts: what stops it and what goes on."""

import pytest

from calls.lab.barge_scenes import LineSpeech, lonely_scenes, spoken_over_scenes
from calls.lab.barge_simulation import simulate_barge_in
from stt.emulator.recordings import Library
from stt.tuning import Tuning
from tests.paths import SAMPLES

CLIPS = {clip.name: clip for clip in Library([SAMPLES, SAMPLES / "conversations"]).recordings}
OURS = [clip for name, clip in CLIPS.items() if name.startswith("doctor")]
CALLERS = [clip for name, clip in CLIPS.items() if name.startswith("order")]


def simulated(scenes, **tuning):
    return [simulate_barge_in(scene, Tuning(**tuning)) for scene in scenes]


def test_a_line_that_nobody_answers_speaks_to_its_end():
    for result in simulated(lonely_scenes(OURS, 2, None, seed=1)):
        assert (result.clears_ms, result.turns, result.answered, result.cut_itself) == ([], [], [], False)
        assert result.onset_ms is None and result.clear_after_ms is None


def test_a_caller_stops_it_and_is_answered():
    for result in simulated(spoken_over_scenes(OURS, CALLERS, 3, None, 0, seed=1)):
        assert Tuning().barge_in_ms - 60 < result.clear_after_ms < Tuning().barge_in_ms + 150
        assert [turn.heard_text for turn in result.turns] == [_text(result.scene.caller)]
        assert result.answered == [1] and not result.resumed and not result.cut_itself


def test_a_later_stop_is_seen():
    scenes = spoken_over_scenes(OURS, CALLERS, 1, None, 0, seed=1)
    (early,), (late,) = simulated(scenes), simulated(scenes, barge_in_ms=600)
    assert late.clear_after_ms - early.clear_after_ms == pytest.approx(350, abs=60)


def test_a_line_that_is_given_back_as_loud_as_it_speaks_stops_and_hears_its_own_words():
    (result,) = simulated(lonely_scenes(OURS, 1, 0, seed=1))
    ours = result.scene.line.text.split()
    heard = [word for turn in result.turns for word in turn.heard_text.split()]
    assert result.cut_itself and heard and set(heard) <= set(ours)


def test_a_backchannel_is_nobody_s_question():
    (result,) = simulated(spoken_over_scenes(OURS, [CLIPS["hours_1.wav"]], 1, None, 0, seed=1))
    assert result.resumed and result.answered == []


def _text(clip):
    return LineSpeech(clip).text
