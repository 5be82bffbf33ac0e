"""What settings did, in numbers."""

from random import Random
from types import SimpleNamespace

import pytest

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.turns import Source, Turn
from calls.desk.tuning.figures import ANSWER_RATIOS, CallFigures, Measure, Sample
from voiceapp.runtime.percentile import percentile


def answer(floor_at_ms, answers=1, floor_ms=1000, first_audio_ms=200, **more):
    """One of the line's, by when it took the floor."""
    heard, times = {"heard": more.pop("heard", PlayedPart())}, {"floor_ms": floor_ms, "first_audio_ms": first_audio_ms}
    charged = {name: more.pop(name, 0) for name in ("tokens", "characters")}
    total_ms = None if floor_ms is None else floor_ms + first_audio_ms
    one = AgentTurn(
        5001, floor_at_ms + first_audio_ms, floor_at_ms + 2000, "כן", answers=answers,
        times=AnswerTimes(total_ms=total_ms, **times), made_by=MadeBy(**charged), **heard, **more,
    )  # fmt: skip
    return SimpleNamespace(**one.as_row())


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
            turn(9000, 9100, "לא", vad_missed=True),
        ]
    )
    assert (figures.turns, figures.utterances, figures.words) == (4, 3, 5)
    assert figures.sources == {"final": 2, "early": 1, "none": 1}
    assert figures.regret == 2
    assert figures.cut_offs == 2  # 399 and 300 ms behind the one before
    assert figures.span_ms == 3000
    assert figures.latencies == {"partial_ms": [700], "final_ms": [900, 100], "floor_ms": [], "total_ms": []}


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


@pytest.mark.parametrize(
    ("goes_on_ms", "into_pauses"),
    [(3699, 0), (3701, 1), (4000, 1), (5000, 1), (5001, 0)],
)
def test_a_caller_who_goes_on_within_a_second_of_the_floor_was_answered_in_a_pause(goes_on_ms, into_pauses):
    """The floor was taken at 4000 ms; that speech has begun is known some frames later."""
    turns = [turn(0, 3000), turn(goes_on_ms, goes_on_ms + 500)]
    assert CallFigures.of(turns, [answer(4000)]).answering.into_pauses == into_pauses


def test_noise_and_what_the_vad_missed_are_no_caller_who_goes_on():
    turns = [turn(0, 3000), turn(4200, 4300, "", Source.NONE), turn(4400, 4500, vad_missed=True)]
    assert CallFigures.of(turns, [answer(4000)]).answering.into_pauses == 0


def test_what_the_line_says_by_itself_is_no_answer():
    said = [answer(0, answers=None, floor_ms=None), answer(4000, withdrawals=2)]
    figures = CallFigures.of([turn(0, 3000), turn(100, 900)], said)
    assert (figures.answering.answers, figures.answering.into_pauses) == (1, 0)
    assert (figures.answering.withdrawals, figures.answering.after_withdrawals) == (2, 1)
    assert (figures.latencies["floor_ms"], figures.latencies["total_ms"]) == ([1000], [1200])


def test_an_interruption_is_an_answer_that_stopped_when_somebody_spoke_over_it():
    cut, lost = PlayedPart("כן", 900, Outcome.INTERRUPTED), PlayedPart("כן", 900, Outcome.RESUMED)
    said = [answer(4000, heard=cut), answer(8000, heard=cut), answer(20_000, heard=lost)]
    figures = CallFigures.of([turn(0, 3000), turn(5000, 7000)], said).answering
    assert (figures.sounded, figures.interrupted, figures.resumed, figures.false_starts) == (3, 1, 1, 0)


def test_a_false_start_is_no_interruption():
    cut = PlayedPart("", 300, Outcome.INTERRUPTED)
    figures = CallFigures.of([turn(0, 3000), turn(4500, 7000)], [answer(4000, heard=cut, code="false_start")]).answering
    assert (figures.interrupted, figures.false_starts) == (0, 1)


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
