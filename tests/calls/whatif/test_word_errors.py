"""Errors counted by the program and by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.whatif.scoring import word_errors
from calls.whatif.word_errors import Confusion, WordErrors, compare
from calls.whatif.word_forms import word_forms
from tests.calls.whatif.counted_pairs import COUNTED


@pytest.mark.parametrize(("said", "heard", "words", "errors"), COUNTED, ids=range(len(COUNTED)))
def test_the_count_is_the_hands(said, heard, words, errors):
    found = compare(said, heard).errors
    assert (found.words, found.errors) == (words, errors), (word_forms(said), word_forms(heard))


def test_sixty_pairs_were_counted_by_hand():
    assert len(COUNTED) == 60
    total = sum((compare(said, heard).errors for said, heard, *_ in COUNTED), WordErrors())
    assert (total.words, total.errors) == (sum(one[2] for one in COUNTED), sum(one[3] for one in COUNTED))


def test_a_confusion_is_what_was_said_and_what_was_written():
    assert compare("אני לא רוצה תור היום", "אני רוצה טור היום בבוקר").confusions == (
        Confusion("לא", ""),
        Confusion("תור", "טור"),
        Confusion("", "בבוקר"),
    )


def test_each_kind_of_error_is_counted_by_itself():
    found = compare("אני לא רוצה תור היום", "אני רוצה טור היום בבוקר").errors
    assert (found.substituted, found.left_out, found.added) == (1, 1, 1)
    assert (found.errors, found.words) == (3, 5)


def test_letters_are_counted_with_the_spaces_between_words():
    found = compare("תור חדש", "טור חדש").errors
    assert (found.letters, found.letter_errors) == (7, 1)


@given(st.lists(st.sampled_from("אבגד"), max_size=8), st.lists(st.sampled_from("אבגד"), max_size=8))
def test_the_errors_are_the_shortest_way_from_one_text_to_the_other(said, heard):
    pointed = [[f"{letter}ט" for letter in one] for one in (said, heard)]
    assert compare(" ".join(pointed[0]), " ".join(pointed[1])).errors.errors == word_errors(*pointed)
