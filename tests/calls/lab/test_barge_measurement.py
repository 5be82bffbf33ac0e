"""Barge-in over the samples: without an echo it holds, and a line that cannot be stopped is seen."""

from dataclasses import replace

import pytest

from calls.lab.barge_measurement import AGAINST_OURS_DB, BargeMeasurement, BargeSize, is_required, voices
from stt.tuning import Tuning
from tests.paths import SAMPLES


@pytest.fixture(scope="module")
def few():
    return BargeMeasurement(voices(SAMPLES, None), Tuning(), size=BargeSize(2, 4, 4))


def test_nobody_speaks_with_the_lines_voice():
    who = voices(SAMPLES, None)
    names = [{clip.name for clip in clips} for clips in (who.ours, who.callers, who.backchannels)]
    assert len(set.union(*names)) == sum(map(len, names)) and min(map(len, names)) >= 4


def test_without_an_echo_the_line_speaks_to_its_end_and_callers_stop_it(few):
    alone = few.alone(None, gsm=False)
    assert alone.holds and alone.plays == 2
    for against_ours_db in AGAINST_OURS_DB:
        assert few.taken(None, against_ours_db, gsm=False).share == 1


def test_a_line_that_is_hard_to_stop_is_seen(few):
    slow = replace(few, tuning=Tuning(barge_in_ms=1500))
    assert not slow.taken(None, 0, gsm=False).is_timely


def test_the_rule_alone_is_asked_for_loud_callers_over_a_loud_echo():
    required = {
        (echo_db, db): is_required(echo_db, db, canceller=False) for echo_db in (None, -20, -30) for db in (0, -12)
    }
    assert [pair for pair, asked in required.items() if not asked] == [(-20, -12)]
    assert is_required(-20, -12, canceller=True)
