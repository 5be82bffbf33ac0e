"""What is counted of barge-in, and what is held against what is required."""

import pytest

from calls.lab.barge_figures import BackchannelFigures, LonelyFigures, TakenFigures
from calls.lab.barge_simulation import BargeResult


def result(onset_ms=None, clears_ms=(), answered=(), codes=(), end_ms=4000.0):
    return BargeResult(None, onset_ms, end_ms, list(clears_ms), list(answered), [], list(codes))


def test_a_line_that_nobody_spoke_to_and_that_stopped_has_cut_itself():
    figures = LonelyFigures.of([result(), result(clears_ms=[900, 2000]), result(answered=[1, 2])])
    assert figures == LonelyFigures(plays=3, cut=1, answered=2)
    assert figures.cells() == ("**1 of 3**", "**2**") and not figures.holds


def test_one_self_interruption_in_two_hundred_plays_is_borne():
    assert LonelyFigures(200, 1, 0).holds and LonelyFigures(4, 0, 0).holds
    assert not LonelyFigures(200, 2, 0).holds and not LonelyFigures(200, 0, 1).holds


def test_a_caller_is_taken_by_a_clear_while_they_speak_or_just_behind():
    results = [
        result(1000, [1300]),
        result(1000, [4400]),
        result(1000, [4600]),
        result(1000),
        result(1000, [500, 1300]),
    ]
    figures = TakenFigures.of(results)
    assert (figures.callers, figures.delays_ms) == (5, (300, 3400))
    assert figures.share == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("delays_ms", "cells", "holds"),
    [
        ([300] * 19, ("95 %", "300 / 300"), True),
        ([300] * 18, ("**90 %**", "300 / 300"), False),
        ([340] * 20, ("100 %", "**340 / 340**"), False),
        ([300] * 17 + [900] * 3, ("100 %", "**300 / 900**"), False),
        ([], ("**0 %**", "-"), False),
    ],
)
def test_what_is_required_of_callers(delays_ms, cells, holds):
    figures = TakenFigures(20, tuple(delays_ms))
    assert (figures.cells(required=True, timed=True), figures.are_taken and figures.is_timely) == (cells, holds)
    assert "*" not in "".join(figures.cells(required=False, timed=False))
    assert "*" not in figures.cells(required=True, timed=False)[1]


def test_a_backchannel_that_stopped_the_line_must_let_it_go_on():
    on, off = result(1000, [1300], codes=["barge_in_resumed"]), result(1000, [1300])
    assert BackchannelFigures.of([on, result(1000)]).cells() == ("1 of 2", "1 of 1", "0")
    figures = BackchannelFigures.of([on, off, result(1000, answered=[1])])
    assert figures == BackchannelFigures(callers=3, stopped=2, resumed=1, answered=1)
    assert figures.cells() == ("2 of 3", "**1 of 2**", "**1**") and not figures.holds
