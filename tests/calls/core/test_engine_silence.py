"""When an engine has said nothing for suspiciously long."""

import math

import pytest

from calls.core.engine_silence import EngineSilence
from stt.engines.result_gaps import FACTOR, MIN_KEPT, ResultGaps


def known(gap_ms=1000.0):
    gaps = ResultGaps()
    for _ in range(MIN_KEPT):
        gaps.add(gap_ms)
    return gaps


def test_nothing_is_suspect_while_the_engines_habit_is_not_known():
    assert EngineSilence().suspect_at_ms(5000.0, ResultGaps()) == math.inf
    assert EngineSilence().suspect_at_ms(5000.0, None) == math.inf


def test_silence_counts_from_the_utterances_beginning_or_from_the_last_result():
    silence, gaps = EngineSilence(), known()
    assert silence.suspect_at_ms(5000.0, gaps) == 5000 + FACTOR * 1000
    assert silence.late_at_ms(5000.0, gaps) == 5000 + 1000
    silence.broken(5600.0, None, gaps)
    assert silence.suspect_at_ms(5000.0, gaps) == 5600 + FACTOR * 1000


def test_only_a_result_that_was_owed_says_something_of_the_habit():
    silence, gaps = EngineSilence(), ResultGaps()
    for number in range(1, 2 * MIN_KEPT):
        silence.broken(number * 700.0, None if number % 2 else (number - 1) * 700.0 + 100, gaps)
    assert gaps.suspect_ms is None  # half of them were owed
    silence.broken(2 * MIN_KEPT * 700.0, 100.0, gaps)
    assert gaps.suspect_ms == pytest.approx(FACTOR * 700)


def test_an_engine_that_missed_what_the_one_shot_recogniser_heard_is_suspect_until_it_speaks():
    silence, gaps = EngineSilence(), known()
    silence.missed()
    assert silence.suspect_at_ms(5000.0, gaps) == silence.suspect_at_ms(5000.0, ResultGaps()) == 5000
    silence.broken(5600.0, None, gaps)
    assert silence.suspect_at_ms(6000.0, gaps) == 6000 + FACTOR * 1000


def test_an_engine_that_has_just_taken_over_owes_nothing_from_before():
    assert EngineSilence(5400.0).suspect_at_ms(5000.0, known()) == 5400 + FACTOR * 1000
