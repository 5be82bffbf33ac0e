"""The noise floor follows the line's noise, and neither speech nor filled gaps."""

import pytest

from stt.audio import FLOOR_DBFS
from stt.endpointing.noise_floor import BIAS_DB, FIRST_FRAMES, MAX_FIRST_DBFS, MAX_WINDOWS, WINDOW_MS, NoiseFloor

WINDOW_FRAMES = WINDOW_MS // 20


def floor_after(*levels_dbfs):
    floor = NoiseFloor()
    for level_dbfs in levels_dbfs:
        floor.push(level_dbfs)
    return floor.dbfs


def test_a_call_begins_without_noise():
    assert floor_after() == FLOOR_DBFS


@pytest.mark.parametrize("frames", [1, FIRST_FRAMES, 10 * WINDOW_FRAMES])
def test_even_noise_lies_the_bias_above_its_quietest_frame(frames):
    assert floor_after(*[-50.0] * frames) == -50.0 + BIAS_DB


def test_speech_at_once_is_no_floor():
    assert floor_after(-20.0) == MAX_FIRST_DBFS


def test_a_word_does_not_raise_the_floor():
    assert floor_after(*[-50.0] * WINDOW_FRAMES, *[-20.0] * (MAX_WINDOWS - 1) * WINDOW_FRAMES) == -50.0 + BIAS_DB


def test_noise_that_rises_for_good_is_the_floor_before_long():
    assert floor_after(*[-60.0] * WINDOW_FRAMES, *[-40.0] * MAX_WINDOWS * WINDOW_FRAMES) == -40.0 + BIAS_DB


def test_a_quieter_frame_is_known_with_its_window():
    floor = floor_after(*[-40.0] * WINDOW_FRAMES, -55.0, *[-40.0] * (WINDOW_FRAMES - 1))
    assert floor == -55.0 + BIAS_DB


def test_digital_silence_says_nothing_of_the_noise():
    assert floor_after(*[-50.0] * WINDOW_FRAMES, *[FLOOR_DBFS] * 1000) == -50.0 + BIAS_DB
