"""A turn, and the arithmetic of its latencies."""

import pytest

from calls.core.turns import Source, Turn, elapsed_ms

TURN = Turn(3, 500, 1100, "שלום", Source.PARTIAL, rule="timeout", partial_ms=200, final_ms=450)


def test_late_words_revise_a_turn_and_its_first_words_stay():
    revised = TURN.revised("שלום לך")
    assert (revised.text, revised.heard_text, revised.revision) == ("שלום", "שלום לך", 1)


def test_a_turn_that_is_revised_to_its_first_words_is_none_revised():
    again = TURN.revised("שלום לך").revised("שלום")
    assert (again.revised_text, again.heard_text, again.revision) == (None, "שלום", 2)


def test_a_turn_can_be_revised_to_nothing():
    assert TURN.revised("").heard_text == ""


def test_the_latency_line_has_no_words_and_says_what_is_missing():
    line = TURN.latency_line()
    assert line == "[LATENCY] turn=3 source=partial rule=timeout partial=200ms final=450ms total=handed over"
    assert Turn(1, 0, 0, "", Source.NONE).latency_line().endswith("rule=n/a partial=n/a final=n/a total=handed over")


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "elapsed"), [(1.0, 2.6, 2), (2.0, 1.0, 0), (None, 1.0, None), (1.0, None, None)]
)
def test_a_latency_without_an_anchor_is_none_and_never_negative(start_ms, end_ms, elapsed):
    assert elapsed_ms(start_ms, end_ms) == elapsed
