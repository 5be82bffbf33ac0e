import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.reading import NOTHING, Wholeness
from calls.reply.spoken_amounts import read_amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("49.90", "49.90"),
        ("49.9 שקל", "49.90"),
        ("49 שקל ותשעים אגורות", "49.90"),
        ("49 שקל ותשעים", "49.90"),
        ("ארבעים ותשע תשעים שקל", "49.90"),
        ("חמישים שקלים", "50.00"),
        ("אלף ומאתיים שקל", "1200.00"),
        ("1,250 ₪", "1250.00"),
        ("1,250.50", "1250.50"),
        ("₪50", "50.00"),
        ("שקל", "1.00"),
        ("שקל אחד", "1.00"),
        ("שקל וחצי", "1.50"),
        ("שלושה שקלים ורבע", "3.25"),
        ("חמישים אגורות", "0.50"),
        ('אני רוצה להפקיד מאה ועשרים ש"ח', "120.00"),
        ("49 ו-90 אגורות", "49.90"),
    ],
)
def test_a_sum_with_its_currency_is_whole(text, value):
    reading = read_amount(text)
    assert (reading.wholeness, reading.value) == (Wholeness.WHOLE, value)


@pytest.mark.parametrize(
    ("text", "value"), [("מאה עשרים", "120.00"), ("49 90", "49.90"), ("ארבעים ותשע תשעים", "49.90")]
)
def test_a_number_alone_is_an_amount_that_may_go_on(text, value):
    reading = read_amount(text)
    assert (reading.wholeness, reading.value) == (Wholeness.ENOUGH, value)


@pytest.mark.parametrize("text", ["", "לא יודע", "בין 50 ל-100", "50 דולר", "1 2 3", "5 שקל ו-200 אגורות", "פעמיים"])
def test_what_is_no_sum_has_no_value(text):
    assert read_amount(text) == NOTHING


@given(st.integers(0, 10**6), st.integers(0, 99))
def test_written_sums_are_read_as_written(shekels, agorot):
    assert read_amount(f"{shekels}.{agorot:02d}").value == f"{shekels}.{agorot:02d}"


@given(st.text())
def test_any_text_can_be_read(text):
    read_amount(text)
