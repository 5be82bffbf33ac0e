"""What settings did, in numbers."""

from random import Random

import pytest

from calls.core.turns import Source
from calls.desk.tuning.figures import ANSWER_RATIOS, CallFigures, Measure, Sample
from tests.calls.desk.tuning.turns import answer, turn
from voiceapp.runtime.percentile import percentile


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
            turn(9000, 9100, "לא", vad_missed=True),
        ]
    )
    assert (figures.turns, figures.utterances, figures.words) == (4, 3, 5)
    assert figures.sources == {"final": 2, "early": 1, "none": 1}
    assert figures.regret == 2
    assert figures.cut_offs == 2  # 399 and 300 ms behind the one before
    assert figures.span_ms == 3000
    assert figures.latencies == {"partial_ms": [700], "final_ms": [900, 100], "floor_ms": [], "total_ms": []}


def test_turns_that_were_our_own_echo_have_a_share():
    found = Sample([CallFigures.of([turn(0, 1000, echo=True), turn(1400, 2000)])]).measures()
    assert found[Measure.ECHOES] == 0.5


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


def test_what_was_prepared_and_not_sounded_is_the_cost_of_withdrawing():
    said = [answer(0, tokens=60, characters=30), answer(4000, answers=None, floor_ms=None, characters=20)]
    figures = CallFigures.of([], said, tokens=100, characters=80).answering
    assert (figures.tokens, figures.tokens_withdrawn) == (100, 40)
    assert (figures.characters, figures.characters_withdrawn) == (80, 30)
    died = CallFigures.of([], said).answering  # its process: the call's sums were never written
    assert (died.tokens, died.tokens_withdrawn, died.characters_withdrawn) == (60, 0, 0)


def test_answers_are_measured_and_nothing_is_where_nothing_answers():
    turns = [turn(0, 3000), turn(4500, 5000)]
    found = Sample(
        [CallFigures.of(turns, [answer(4000, withdrawals=1), answer(9000, 2)], 10, 40), CallFigures.of(turns)]
    ).measures()
    assert found[Measure.PAUSES_ANSWERED] == found[Measure.WITHDRAWN] == found[Measure.WITHDRAWALS] == 0.5
    assert found[Measure.TOKENS_WITHDRAWN] == found[Measure.CHARACTERS_WITHDRAWN] == 1
    assert (found[Measure.FLOOR_P50], found[Measure.TOTAL_P95]) == (1000, 1200)
    silent = Sample([CallFigures.of(turns)]).measures()
    assert {silent[measure] for measure in (*ANSWER_RATIOS, Measure.FLOOR_P50, Measure.TOTAL_P50)} == {None}
