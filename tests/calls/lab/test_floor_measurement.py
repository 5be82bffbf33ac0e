import pytest

from calls.lab.answered_scene import AnsweringSetup
from calls.lab.floor_figures import REQUIRED, misses
from calls.lab.floor_measurement import FALSE_ALARM, FOUND, FloorMeasurement, Size, emulated_cue, rules, waiting
from calls.lab.floor_recordings import samples
from calls.lab.floor_scenes import CLEAN
from calls.lab.pause_law import ENGLISH
from calls.reply import floor
from calls.reply.floor_rule import FLOOR_TABLE, UNFINISHED_BELOW
from tests.paths import SAMPLES

FEW = Size(rounds=1, numbers=3, numbers_a_rule=2)


@pytest.fixture(scope="module")
def few():
    return samples(SAMPLES).some(3, 1)


def test_the_defaults_reach_what_is_required_of_times_and_of_numbers(few):
    figures = FloorMeasurement(few, size=FEW).at_defaults(CLEAN)
    measured = figures.measured()
    assert set(measured) == {required.name for required in REQUIRED}
    # Of a few callers the share of pauses and the median of a model's times are chance.
    assert [name for name in misses(figures) if not name.startswith("pauses") and "llm" not in name] == []
    assert figures.numbers.pauses > 0 < figures.english.pauses


def test_a_floor_that_answers_at_once_misses_what_is_required(few, monkeypatch):
    monkeypatch.setattr(floor, "floor_row", lambda heard: FLOOR_TABLE[0])
    missed = misses(FloorMeasurement(few, size=FEW).at_defaults(CLEAN))
    assert "dictated numbers answered early" in missed
    assert 'pauses answered, "en"' in missed


def test_a_floor_that_always_waits_misses_it_as_well(few, monkeypatch):
    monkeypatch.setattr(floor, "floor_row", lambda heard: FLOOR_TABLE[1])
    missed = misses(FloorMeasurement(few, size=FEW).at_defaults(CLEAN))
    assert {"expected answers: floor p50", "open turns: total, scripted p50"} <= set(missed)


def test_a_line_that_does_not_read_the_text_misses_it_by_its_numbers(few):
    patient = FloorMeasurement(few, size=FEW, setup=waiting(AnsweringSetup(reads_text=False), 500))
    assert "dictated numbers answered early" in misses(patient.at_defaults(CLEAN))


def test_the_emulated_cue_finds_its_share_of_short_pauses_and_of_long_ones():
    cue = emulated_cue(1)
    for shares in (range(1, 100), range(100, 500), range(500, 1000)):
        lengths = [round(ENGLISH.length_ms(share / 1000)) for share in shares]
        found = sum(cue(b"", ms) < UNFINISHED_BELOW for ms in lengths) / len(lengths)
        assert found == pytest.approx(FOUND, abs=0.05)
    ends = [cue(str(number).encode(), None) < UNFINISHED_BELOW for number in range(2000)]
    assert sum(ends) / 2000 == pytest.approx(FALSE_ALARM, abs=0.02)


def test_each_rule_stands_alone_and_all_together():
    setups = rules({"a cue": emulated_cue(1)})
    assert not setups["a cue alone"].reads_text and setups["a cue alone"].cue
    assert setups["expected text and a cue"].reads_text and setups["expected text and a cue"].cue
    assert setups["expected text (the defaults)"] == AnsweringSetup()
    silences = [setup for name, setup in setups.items() if name.startswith("silence")]
    assert all(setup.cue is None and not setup.reads_text for setup in silences)
    assert [setup.tuning.answer_pause_ms for setup in silences] == [500, 700, 1000, 1600]


def test_a_longer_silence_answers_fewer_pauses_later(few):
    curve = FloorMeasurement(few, size=FEW).curve(CLEAN, AnsweringSetup(reads_text=False), 1)
    delays, shares = zip(*curve.points, strict=True)
    assert delays == tuple(sorted(delays)) and shares[0] > shares[-1]
