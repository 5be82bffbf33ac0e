"""Identity numbers and cards are masked, and nothing moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.core.check_digits import id_check_holds, luhn_holds
from calls.core.digit_words import ONES
from calls.core.redaction import redacted, redacted_words
from calls.core.text import HIDDEN

SEPARATORS = st.sampled_from(["", " ", "-", " - ", "\u05be"])
WORDS = st.lists(st.sampled_from(["שלום", "המספר", "שלי", "הוא", "תודה", "כן,", "abc", "ב-"]), max_size=4)


@st.composite
def identity_numbers(draw):
    head = draw(st.text("0123456789", min_size=8, max_size=8).filter(lambda text: text.strip("0")))
    return next(head + last for last in "0123456789" if id_check_holds(head + last))


@st.composite
def cards(draw):
    length = draw(st.integers(13, 19))
    head = draw(st.sampled_from("3456")) + draw(st.text("0123456789", min_size=length - 2, max_size=length - 2))
    return next(head + last for last in "0123456789" if luhn_holds(head + last))


def grouped(draw, digits):
    """The digits in groups, with the same separator between them."""
    separator = draw(SEPARATORS)
    parts, at = [], 0
    while at < len(digits):
        size = draw(st.integers(1, 4))
        parts.append(digits[at : at + size])
        at += size
    return separator.join(parts)


@given(st.data(), cards(), WORDS, WORDS)
def test_no_digit_of_a_card_is_left_however_it_is_grouped(data, digits, before, after):
    number = grouped(data.draw, digits)
    text = f"{' '.join(before)}. {number}. {' '.join(after)}"
    masked = redacted(text)
    assert not any(letter.isdigit() for letter in masked)
    assert len(masked) == len(text)


@given(identity_numbers(), WORDS, WORDS)
def test_no_digit_of_an_identity_number_is_left(digits, before, after):
    text = f"{' '.join(before)}. {digits} {' '.join(after)}"
    assert redacted(text) == text.replace(digits, HIDDEN * 9)
    in_words = " ".join(ONES[int(one)].split()[0] for one in digits)
    assert (
        redacted(f"המספר {in_words} תודה") == f"המספר {''.join(HIDDEN if one != ' ' else ' ' for one in in_words)} תודה"
    )


@given(st.text())
def test_any_text_keeps_its_length_and_all_that_is_no_number(text):
    for growing in (False, True):
        masked = redacted(text, growing=growing)
        assert len(masked) == len(text)
        assert all(now in (was, HIDDEN) for was, now in zip(text, masked, strict=True))
        assert redacted(masked, growing=growing) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ת.ז. 123456782 תודה", "ת.ז. ••••••••• תודה"),
        ("זה 12345678-2", "זה ••••••••-•"),
        ("לתעודה ל123456782", "לתעודה ל•••••••••"),
        ("4580 4580 4580 4580 תוקף 12/27", "•••• •••• •••• •••• תוקף 12/27"),
        ("card 378282246310005", "card •••••••••••••••"),
        ("יש 3 4580458045804580", "יש 3 ••••••••••••••••"),
        ("١٢٣٤٥٦٧٨٢", "•••••••••"),
    ],
)
def test_what_is_masked(text, masked):
    assert redacted(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "123456781",  # the check digit is wrong
        "4580458045804581",
        "050-765-4321",
        "0507654321 0527654321",
        "+972507654321",
        "03-9337423",  # passes the check, and is grouped as a number on land
        "1-800-393-374",
        "מספר הזמנה 1234567820",  # ten digits
        "שלוש ארבע חמש",
        "1,234,567.82",
        "אחת עשרה ועשרים",
    ],
)
def test_what_is_left_alone(text):
    assert redacted(text) == text


def test_a_hypothesis_never_shows_most_of_a_number_that_is_still_being_said():
    said = "4580 4580 4580 4580"
    for end in range(1, len(said) + 1):
        shown = redacted(f"הכרטיס {said[:end]}", growing=True)
        assert sum(letter.isdigit() for letter in shown) < 8
    assert redacted("הטלפון שלי 0507654", growing=True) == "הטלפון שלי 0507654"
    assert redacted("45804580 ואז", growing=True) == "45804580 ואז"


def test_words_are_masked_each_in_its_place():
    assert redacted_words(("זה", "12345678", "2", "תודה")) == ("זה", "••••••••", "•", "תודה")
