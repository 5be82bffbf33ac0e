"""What settings did, in numbers, and how certain they are."""

import time
from random import Random

import pytest

from calls.core.turns import Source, Turn
from calls.desk.tuning.figures import CallFigures, Measure, Sample
from calls.desk.tuning.uncertainty import MATTERS, RESAMPLES, differences, estimates, resamples, verdict
from voiceapp.runtime.percentile import percentile


def turn(started_ms=0, ended_ms=1000, text="א ב", source=Source.FINAL, **more):
    return Turn(1, started_ms, ended_ms, text, source, **more)


def call(random, final_ms, turns=12, revised=0.1):
    return CallFigures.of(
        turn(
            2000 * i,
            2000 * i + 1000,
            final_ms=round(random.gauss(final_ms, 150)),
            source=random.choice([Source.EARLY, Source.PARTIAL]),
            revised_text="א ג" if random.random() < revised else None,
        )
        for i in range(turns)
    )


def test_a_call_is_summed_up():
    figures = CallFigures.of(
        [
            turn(2300, 3000, "ג", Source.EARLY, final_ms=100, partial_ms=700),
            turn(0, 1000, "א ב", revised_text="א ג ד", final_ms=900),
            turn(1399, 2000, "", Source.NONE),
            turn(9000, 9100, "לא", unvoiced=True),
        ]
    )
    assert (figures.turns, figures.utterances, figures.words) == (4, 3, 5)
    assert figures.sources == {"final": 2, "early": 1, "none": 1}
    assert figures.regret == 2
    assert figures.cut_offs == 2  # 399 and 300 ms behind the one before
    assert figures.span_ms == 3000
    assert figures.latencies == {"partial_ms": [700], "final_ms": [900, 100], "total_ms": []}


def test_a_pause_of_the_bound_is_no_cut_off():
    assert CallFigures.of([turn(0, 1000), turn(1400, 2000)]).cut_offs == 0


def test_words_revised_to_nothing_are_regret_and_no_words():
    figures = CallFigures.of([turn(revised_text="")])
    assert (figures.words, figures.regret) == (0, 2)


def test_measures_of_the_whole_are_those_of_all_turns():
    random = Random(1)
    sample = Sample([call(random, 800, turns=random.randint(1, 30)) for _ in range(40)])
    found = sample.measures()
    finals = sample.values("final_ms")
    assert found[Measure.FINAL_P50] == pytest.approx(percentile(finals, 0.5), abs=5)
    assert found[Measure.FINAL_P95] == pytest.approx(percentile(finals, 0.95), abs=15)
    assert found[Measure.EARLY] + found[Measure.PARTIAL] == 1
    assert found[Measure.TOTAL_P50] is None
    assert Sample([]).measures()[Measure.EARLY] is None


def test_a_weight_counts_a_call_so_often():
    random = Random(2)
    one, two = call(random, 500), call(random, 900)
    assert Sample([one, two]).measures([2, 1]) == Sample([one, one, two]).measures()


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    held = 0
    for seed in range(40):
        random = Random(seed)
        a = Sample([call(random, 800) for _ in range(40)])
        b = Sample([call(random, 900) for _ in range(40)])
        found = differences(a, resamples(a, seed), b, resamples(b, seed + 1))[Measure.FINAL_P50]
        held += found.low <= 100 <= found.high
    assert 34 <= held <= 40


def test_a_difference_that_is_there_is_clear_and_one_that_is_not_is_not():
    random = Random(3)
    a, same, other = (Sample([call(random, ms) for _ in range(100)]) for ms in (800, 800, 900))
    drawn = resamples(a, 1)
    assert differences(a, drawn, other, resamples(other, 2))[Measure.FINAL_P50].is_clear
    assert not differences(a, drawn, same, resamples(same, 2))[Measure.FINAL_P50].is_clear


def test_the_same_seed_says_the_same():
    sample = Sample([call(Random(4), 800) for _ in range(20)])
    assert estimates(sample, resamples(sample, 5)) == estimates(sample, resamples(sample, 5))


def test_a_trial_is_enough_when_what_is_open_no_longer_matters():
    random = Random(5)
    few = [Sample([call(random, 800) for _ in range(10)]) for _ in "ab"]
    some = [Sample([call(random, 800, turns=3) for _ in range(40)]) for _ in "ab"]
    many = [Sample([call(random, 800) for _ in range(300)]) for _ in "ab"]
    said = [verdict(a, b, differences(a, resamples(a, 1), b, resamples(b, 2))) for a, b in (few, some, many)]
    assert [one.enough for one in said] == [False, False, True]
    assert said[0].calls_needed == 30
    assert said[1].calls_needed > 40
    assert set(said[1].open) < set(MATTERS)
    assert said[2].calls_needed == 0


def test_a_full_sample_takes_bounded_time():
    random = Random(6)
    sample = Sample([call(random, 800, turns=20) for _ in range(500)])
    began_s = time.process_time()
    assert len(resamples(sample, 1)) == RESAMPLES
    assert time.process_time() - began_s < 3
