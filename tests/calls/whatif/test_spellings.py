"""Words that are written in two ways, and words that only look so."""

import pytest

from calls.whatif.spellings import SAME, one_spelling, whole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("תוכנית", "תכנית"),
        ("בתוכנית", "בתכנית"),
        ("והאישה", "והאשה"),
        ("מעוניין", "מעונין"),
        ("בבניין", "בבנין"),
        ("הצוהריים", "הצהרים"),
        ("מייד", "מיד"),
    ],
)
def test_one_word_in_two_spellings(one, other):
    assert one_spelling(one) == one_spelling(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ביטוח", "בטוח"),
        ("חודש", "חדש"),
        ("איתה", "אתה"),
        ("ביין", "בין"),
        ("חייל", "חיל"),
        ("דיירות", "דירות"),
        ("הדיירות", "הדירות"),
        ("קניינו", "קנינו"),
        ("מיילים", "מילים"),
        ("ראיינו", "ראינו"),
        ("השוואה", "השואה"),
        ("פעמיים", "פעמים"),
        ("זמניים", "זמנים"),
        ("הספרייה", "הספריה"),
    ],
)
def test_two_words_stay_two(one, other):
    assert one_spelling(one) != one_spelling(other)


def test_a_spelling_stands_in_one_group_and_is_its_own():
    assert all(one_spelling(first) == first for first in SAME.values())


def test_an_abbreviation_is_what_is_said():
    assert whole('לעו"ד') == "לעורך דין"
    assert whole('מע"מ') == 'מע"מ'
    assert whole("₪") == whole("שקלים") == "שקל"
