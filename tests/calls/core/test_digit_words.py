"""The words of the figures."""

from calls.core.digit_words import ONES


def test_there_are_ten_and_none_says_two_figures():
    words = [word for forms in ONES for word in forms.split()]
    assert len(ONES) == 10 and len(words) == len(set(words))
