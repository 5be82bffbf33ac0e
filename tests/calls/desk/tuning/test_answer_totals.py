"""What an answer cost, and who cut it off."""

import pytest

from calls.core.agent_turns import Outcome, PlayedPart
from calls.core.turns import Source
from calls.desk.tuning.answer_totals import AnswerFigures
from calls.desk.tuning.figures import CallFigures
from tests.calls.desk.tuning.turns import answer, turn


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
    figures = AnswerFigures.of([turn(0, 3000), turn(5000, 7000)], said)
    assert (figures.sounded, figures.interrupted, figures.resumed, figures.false_starts) == (3, 1, 1, 0)


def test_an_answer_that_a_supervisor_stopped_was_not_interrupted_by_the_caller():
    cut = PlayedPart("", 1000, Outcome.INTERRUPTED)
    figures = AnswerFigures.of([turn(0, 3000), turn(4500, 7000)], [answer(4000, heard=cut, code="by_supervisor")])
    assert (figures.sounded, figures.interrupted) == (1, 0)


def test_a_false_start_is_no_interruption():
    cut = PlayedPart("", 300, Outcome.INTERRUPTED)
    figures = AnswerFigures.of([turn(0, 3000), turn(4500, 7000)], [answer(4000, heard=cut, code="false_start")])
    assert (figures.interrupted, figures.false_starts) == (0, 1)
