import pytest

from calls.lab.answering_simulation import AnsweredScene, SoundedAnswer
from calls.lab.floor_figures import CURVE_MS, REQUIRED, Curve, FloorFigures, Required
from calls.lab.floor_scenes import Scene
from calls.reply.items import Expect
from stt.emulator.recordings import Clip, Spoken


def scene(*answers, pauses=((2000, 3000),), end_ms=4000):
    clip = Clip("one", b"", (Spoken("אחת", 1000, 2000), Spoken("שתיים", 3000, end_ms)))
    found = [SoundedAnswer(at_ms, "open", at_ms - end_ms, at_ms - end_ms + 5) for at_ms in answers]
    return AnsweredScene(Scene("one", Expect(), clip, pauses), found)


def test_an_answer_in_a_pause_counts_for_it_and_one_into_the_words_behind_it_too():
    figures = FloorFigures([scene(2900, 5000), scene(3100, 5000), scene(5000)])
    assert (figures.pauses, figures.pauses_answered, figures.early) == (3, 2, 2)
    assert figures.share_answered == pytest.approx(100 * 2 / 3)


def test_two_answers_into_one_pause_are_one_pause():
    assert FloorFigures([scene(2500, 2900, 5000)]).pauses_answered == 1


def test_an_answer_before_any_pause_is_early_and_of_no_pause():
    figures = FloorFigures([scene(1500, 5000)])
    assert (figures.early, figures.pauses_answered) == (1, 0)


def test_delays_are_those_of_the_answers_behind_the_last_words():
    figures = FloorFigures([scene(2900, 5000), scene(4400)])
    assert figures.floors_ms == [1000, 400] and figures.totals_ms == [1005, 405]
    assert figures.mean_delay_ms == 700


def test_a_caller_without_an_answer_is_counted_and_has_no_delay():
    figures = FloorFigures([scene(), scene(2900)])
    assert figures.unanswered == 2 and figures.floors_ms == [] and figures.mean_floor_ms == 0


def test_what_is_beyond_its_limit_is_a_miss_and_bold():
    share = Required("pauses", 11, "%")
    assert share.holds(11.0) and not share.holds(11.01)
    assert (share.cell(10.24), share.cell(11.3)) == ("10.2 %", "**11.3 %**")
    assert Required("early", 0, "").cell(1) == "**1**"
    assert len({required.name for required in REQUIRED}) == len(REQUIRED)


def line(*shares):
    return Curve(tuple(zip((500, 1000, 1400), shares, strict=True)))


def test_a_curve_lies_below_another_only_where_it_does_so_everywhere():
    silence = line(30, 10, 6)
    assert line(20, 9, 5).lies_below(silence)
    assert not line(20, 10.5, 5).lies_below(silence)
    assert not silence.lies_below(silence)
    assert silence.at(750) == 20


def test_a_curve_that_does_not_reach_all_the_delays_is_not_known_to_be_below():
    short = Curve(((700, 1.0), (1400, 0.5)))
    assert short.at(CURVE_MS[0]) is None
    assert not short.lies_below(line(30, 10, 6))
