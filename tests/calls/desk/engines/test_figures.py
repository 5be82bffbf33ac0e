"""How well engines heard, with what the calls leave open."""

from calls.desk.engines.figures import HeardTurn, figures, wer_difference
from calls.desk.tuning.uncertainty import MIN_CALLS

SAID = "אני רוצה לקבוע תור"


def turns(count, heard, final_ms=500):
    return [HeardTurn.of(f"CA{call:03}", SAID, heard, final_ms) for call in range(count)]


def mixed(count):
    """Every fourth call has two words wrong of four."""
    heard = ["אני רצה לקבוע טור" if call % 4 == 0 else SAID for call in range(count)]
    return [HeardTurn.of(f"CA{call:03}", SAID, text, 400 + call) for call, text in enumerate(heard)]


def test_an_engine_that_errs_alike_in_every_call_leaves_nothing_open():
    found = figures(turns(MIN_CALLS, "אני רוצה לקבוע טור"), seed=1)["wer"]
    assert (found.value, found.low, found.high) == (0.25, 0.25, 0.25)


def test_an_interval_is_that_of_the_calls_and_narrows_with_their_number():
    few, many = (figures(mixed(count), seed=1)["wer"] for count in (40, 200))
    assert few.value == many.value == 0.125
    assert few.low < many.low < 0.125 < many.high < few.high


def test_a_seed_repeats_an_interval():
    assert figures(mixed(40), seed=7) == figures(mixed(40), seed=7)
    assert len({figures(mixed(200), seed)["wer"] for seed in range(5)}) > 1


def test_a_call_of_many_turns_is_one_draw():
    calls = [HeardTurn.of(f"CA{at}", SAID, heard, None) for at in range(MIN_CALLS) for heard in (SAID, "")]
    found = figures(calls, seed=1)["wer"]
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_of_too_few_calls_no_interval_is_said():
    few, enough = turns(MIN_CALLS - 1, ""), turns(MIN_CALLS, "")
    assert (figures(few, seed=1)["wer"].low, figures(enough, seed=1)["wer"].low) == (None, 1)
    found = wer_difference(few, few, seed=1)
    assert (found.value, found.low, found.high) == (0, None, None)


def test_short_answers_are_right_or_wrong_as_a_whole():
    answers = [("כן", "כן"), ("חמש", "5"), ("לא", "לו"), (SAID, ""), ("", "תודה")]
    heard = [HeardTurn.of(f"CA{at}", said, text, None) for at, (said, text) in enumerate(answers)]
    assert [turn.is_short for turn in heard] == [True, True, True, False, False]
    assert figures(heard, seed=1)["short"].value == 2 / 3


def test_what_was_not_measured_has_no_figure():
    found = figures([HeardTurn.of("CA1", "", "", None)], seed=1)
    assert {name for name, one in found.items() if one.value is None} == {
        "wer", "cer", "short", "final_p50", "final_p95",
    }  # fmt: skip
    assert all(one.value is None for one in figures([], seed=1).values())


def test_a_turn_that_ended_with_an_error_is_counted_as_failed():
    heard = [HeardTurn.of("CA1", SAID, "", None, "unavailable"), *turns(3, SAID)]
    assert figures(heard, seed=1)["failed"].value == 0.25


def test_the_same_engine_twice_differs_by_nothing_whatever_calls_are_drawn():
    found = wer_difference(mixed(40), mixed(40), seed=1)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not found.is_clear


def test_a_difference_in_every_call_is_clear_where_the_intervals_of_each_overlap():
    a = mixed(40)
    b = [HeardTurn.of(turn.call, SAID, "אני רוצה תור" if turn.errors.errors else SAID, None) for turn in a]
    found = wer_difference(a, b, seed=1)
    assert found.value < 0 and found.is_clear
    of_a, of_b = (figures(one, seed=1)["wer"] for one in (a, b))
    assert of_b.high > of_a.low
