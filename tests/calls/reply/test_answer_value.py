from datetime import date

import pytest

from calls.reply.answer_value import answer_value
from calls.reply.items import DigitsCheck, Expect, ExpectationKind

TODAY = date(2026, 1, 1)
PHONE = Expect(ExpectationKind.DIGITS, min_digits=9, max_digits=10, check=DigitsCheck.PHONE)


@pytest.mark.parametrize(
    ("expect", "words", "value"),
    [
        (Expect(), "  כל דבר שהוא ", "כל דבר שהוא"),
        (Expect(), " ", None),
        (Expect(ExpectationKind.YES_NO), "כן, בטח", "yes"),
        (Expect(ExpectationKind.YES_NO), "לא יודע", None),
        (PHONE, "052 123 4567", "0521234567"),
        (PHONE, "052 123", None),
        (PHONE, "052 123 4567 8", None),
        (Expect(ExpectationKind.DATE), "מחר", "2026-01-02"),
        # Enough, where nothing more is waited for
        (Expect(ExpectationKind.DATE), "15 במרץ", "2026-03-15"),
        (Expect(ExpectationKind.DIGITS, min_digits=2, max_digits=4), "12", "12"),
    ],
)
def test_what_is_enough_is_an_answer_once_the_floor_is_taken(expect, words, value):
    assert answer_value(expect, words, TODAY) == value
