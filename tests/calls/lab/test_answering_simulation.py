from dataclasses import replace

import pytest

from calls.lab.answering_simulation import AnsweringSetup, simulate_answering
from calls.lab.emulated_answers import LLM
from calls.lab.floor_recordings import samples
from calls.lab.floor_scenes import CLEAN
from calls.lab.pause_law import PauseLaw
from calls.reply import floor
from calls.reply.floor_rule import FLOOR_TABLE
from stt.tuning import Tuning
from tests.paths import SAMPLES

LONG_PAUSES = PauseLaw("long", ((1400, 1.0), (1500, 0.001)))
SHORT_PAUSES = PauseLaw("short", ((400, 1.0), (500, 0.001)))
SMART_TURN = Tuning(turn_model="smart_turn")


@pytest.fixture(scope="module")
def recordings():
    return samples(SAMPLES).some(6, 1)


def answered(scenes, setup=None):
    return [simulate_answering(scene, setup or AnsweringSetup()) for scene in scenes]


def test_an_open_turn_is_answered_a_second_after_its_last_voiced_frame(recordings):
    for one in answered(recordings.sentence_scenes(SHORT_PAUSES, CLEAN, 1, 1)):
        assert one.early == [] and one.last.rule == "open"
        assert one.last.floor_ms == Tuning().answer_pause_ms
        assert one.last.at_ms - one.scene.end_ms == pytest.approx(1000, abs=150)


def test_a_pause_that_outlasts_the_wait_is_answered_and_the_last_words_too(recordings):
    scenes = recordings.sentence_scenes(LONG_PAUSES, CLEAN, 1, 1)
    all_pauses = sum(len(scene.pauses) for scene in scenes)
    found = answered(scenes)
    assert sum(one.pauses_answered for one in found) == all_pauses > 0
    assert all(one.last is not None for one in found)


def test_what_was_asked_for_is_answered_when_it_is_whole_and_not_before(recordings):
    for one in answered([*recordings.number_scenes(3, CLEAN, 2), *recordings.word_scenes(CLEAN, 2)]):
        assert one.early == [] and one.last.rule == "expected"
        assert one.last.floor_ms < 700


def test_without_reading_the_text_a_number_is_open(recordings):
    scenes = recordings.number_scenes(3, CLEAN, 2)
    found = answered(scenes, AnsweringSetup(reads_text=False, tuning=Tuning(answer_pause_ms=300)))
    assert {answer.rule for one in found for answer in one.answers} == {"open"}
    assert all(one.early for one in found)


def test_a_wrong_floor_is_seen(recordings, monkeypatch):
    scenes = recordings.number_scenes(3, CLEAN, 2)
    assert not any(one.early for one in answered(scenes))
    monkeypatch.setattr(floor, "floor_row", lambda heard: FLOOR_TABLE[0])
    assert all(one.early for one in answered(scenes))


def test_a_models_words_and_their_sound_take_their_time(recordings):
    scenes = recordings.word_scenes(CLEAN, 1)
    for scripted, llm in zip(answered(scenes), answered(scenes, AnsweringSetup(times=LLM)), strict=True):
        assert scripted.last.total_ms - scripted.last.floor_ms < 50
        assert LLM.first_words_ms + LLM.first_sound_ms < llm.last.total_ms < 1500
        assert scripted.last.floor_ms == llm.last.floor_ms


def test_a_cue_makes_a_turn_unfinished_or_leaves_it_open(recordings):
    scenes = [scene for scene in recordings.sentence_scenes(LONG_PAUSES, CLEAN, 1, 1) if len(scene.pauses) == 1]
    asked = []

    def knows(ulaw, pause_ms):
        asked.append((len(ulaw), pause_ms))
        return 0.9 if pause_ms is None else 0.1

    found = answered(scenes, AnsweringSetup(cue=knows, tuning=SMART_TURN))
    assert scenes and not any(one.early for one in found)
    assert {one.last.floor_ms for one in found} == {1000}
    assert {pause_ms is None for _, pause_ms in asked} == {True, False}
    never = answered(scenes, AnsweringSetup(cue=lambda ulaw, pause_ms: 0.1, tuning=SMART_TURN))
    assert {one.last.floor_ms for one in never} == {2000}


def test_the_same_seed_gives_the_same_call(recordings):
    scenes = recordings.word_scenes(CLEAN, 1)
    first, again = (answered(scenes, replace(AnsweringSetup(), seed=4)) for _ in range(2))
    assert [one.answers for one in first] == [one.answers for one in again]
