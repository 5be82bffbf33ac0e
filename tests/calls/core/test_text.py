"""Text from outside."""

import pytest

from calls.core.text import clean, has_controls, is_sid


@pytest.mark.parametrize("character", "\0\x0b\r\x1f\x7f\x85\ud800\udfff\ufffe\uffff")
def test_what_cannot_be_kept_is_left_out(character):
    assert clean(f"של{character}ום") == "שלום"


def test_hebrew_with_its_marks_and_line_ends_stays():
    assert clean('שָׁלוֹם "צה״ל"\u200f 😀\n\tכן') == 'שָׁלוֹם "צה״ל"\u200f 😀\n\tכן'


@pytest.mark.parametrize("character", "\u200b\u202a\u202e\u2060\u2066\u2069\ufeff")
def test_what_turns_a_direction_unseen_is_left_out_and_is_no_control(character):
    assert clean(f"של{character}ום") == "שלום"
    assert not has_controls(f"של{character}ום") and has_controls("של\x07ום")


def test_what_is_too_long_is_cut_once_it_is_clean():
    assert clean("\0" * 9 + "abcdef", 3) == "abc"


@pytest.mark.parametrize("sid", ["CA1", "MZ" + "0" * 32, "b2f5ff47-4d4c-4a4c-9a4c-1d2f3a4b5c6d", "x" * 64])
def test_a_sid_is(sid):
    assert is_sid(sid)


@pytest.mark.parametrize("text", ["", "x" * 65, "CA1\n", "CA 1", "CA\0", "ca/../x", "שיחה", "CA1\ud800"])
def test_a_sid_is_not(text):
    assert not is_sid(text)
