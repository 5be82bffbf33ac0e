"""The form in which words are compared."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.whatif import word_forms as module
from calls.whatif.word_forms import word_forms


def rows():
    """Rule, the examples that are the same, and those that are not, of the module's table."""
    table = [line.strip("| ").split("|") for line in module.__doc__.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] + [""] * (3 - len(row)) for row in table[1:]]


def examples(cell, sign):
    for example in filter(None, re.split(r";\s*", cell)):
        yield [side.strip() for side in example.split(sign)]


def test_the_table_says_what_is_the_same():
    found = [sides for _, same, _ in rows() for sides in examples(same, "=")]
    assert len(found) >= 18
    different = [sides for sides in found if len({tuple(word_forms(side)) for side in sides}) != 1]
    assert different == []


def test_the_table_says_what_is_not():
    found = [sides for *_, other in rows() for sides in examples(other, "≠")]
    assert len(found) >= 8
    assert [sides for sides in found if word_forms(sides[0]) == word_forms(sides[1])] == []


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("מיליון", ["1", "000000"]),
        ("ב-20", ["ב2", "0"]),
        ("בין 9 ל-5", ["בין", "9", "ל5"]),
        ("נכנסתי פעמיים אתמול", ["נכנסתי", "פעמיים", "אתמול"]),
        ("שלוש פעמים ביום", ["3", "פעמים", "ביום"]),
        ("לפני 10 שנים", ["לפני", "1", "0", "שנים"]),
        ("ב בית", ["בבית"]),
        ("כל-כך מה שלומך", ["כל", "כך", "מה", "שלומך"]),
        ('מד"ר כהן', ["מדוקטור", "כהן"]),
        ("...", []),
        ("", []),
    ],
)
def test_words_and_figures(text, forms):
    assert word_forms(text) == forms


@given(st.text(max_size=40))
def test_any_text_has_a_form_without_spaces_in_its_words(text):
    assert all(form and not form.isspace() and " " not in form for form in word_forms(text))
