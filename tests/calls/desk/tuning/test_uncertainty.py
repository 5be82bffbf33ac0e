"""How certain the measures of a trial are."""

import time
from random import Random

from calls.desk.tuning.figures import Measure, Sample
from calls.desk.tuning.uncertainty import MIN_CALLS, RESAMPLES, TOLERANCES, differences, estimates, resamples, verdict
from tests.calls.desk.tuning.test_figures import call


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
    sample = Sample([call(Random(4), 800) for _ in range(MIN_CALLS)])
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
    assert set(said[1].open) < set(TOLERANCES)
    assert said[2].calls_needed == 0


def answered(random, into_pauses, answers=10):
    """A call of as many answers, of which about this share was into a pause."""
    figures = call(random, 800)
    figures.answering.answers = answers
    figures.answering.into_pauses = sum(random.random() < into_pauses for _ in range(answers))
    return figures


def test_a_trial_of_an_answering_setting_is_decided_by_its_answers():
    random = Random(7)
    few, some = (
        [Sample([answered(random, p, answers) for _ in range(n)]) for p in (0.2, 0.05)]
        for n, answers in ((40, 2), (300, 10))
    )
    of_few, of_some = (differences(a, resamples(a, 1), b, resamples(b, 2)) for a, b in (few, some))
    assert Measure.PAUSES_ANSWERED in verdict(*few, of_few).open
    assert of_some[Measure.PAUSES_ANSWERED].is_clear
    assert of_some[Measure.PAUSES_ANSWERED].low <= -0.15 <= of_some[Measure.PAUSES_ANSWERED].high
    assert Measure.PAUSES_ANSWERED not in verdict(*some, of_some).open


def test_a_line_that_never_answers_is_not_waited_for_with_its_answers():
    few = [Sample([call(Random(8), 800) for _ in range(10)]) for _ in "ab"]
    said = verdict(*few, differences(few[0], resamples(few[0], 1), few[1], resamples(few[1], 2)))
    assert not set(said.open) & {Measure.PAUSES_ANSWERED, Measure.TOTAL_P50, Measure.WITHDRAWN}
    assert Measure.FINAL_P50 in said.open


def test_a_full_sample_takes_bounded_time():
    random = Random(6)
    sample = Sample([call(random, 800, turns=20) for _ in range(500)])
    began_s = time.process_time()
    assert len(resamples(sample, 1)) == RESAMPLES
    assert time.process_time() - began_s < 3


def test_of_too_few_calls_on_one_side_nothing_is_clear():
    random = Random(9)
    few, enough = (Sample([call(random, ms) for _ in range(n)]) for ms, n in ((800, MIN_CALLS - 1), (5000, MIN_CALLS)))
    found = differences(few, resamples(few, 1), enough, resamples(enough, 2))[Measure.FINAL_P50]
    assert found.value > 3000 and found.low is None and not found.is_clear
    assert estimates(enough, resamples(enough, 2))[Measure.FINAL_P50].low is not None


def test_nothing_is_estimated_of_nothing():
    nothing = Sample([])
    assert resamples(nothing, 1) == []
    estimate = estimates(nothing, [])[Measure.FINAL_P50]
    assert (estimate.value, estimate.low, estimate.high, estimate.is_clear) == (None, None, None, False)
