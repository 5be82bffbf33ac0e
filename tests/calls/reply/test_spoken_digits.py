import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.items import DigitsCheck, Expect, ExpectationKind
from calls.reply.reading import Wholeness
from calls.reply.spoken_digits import JUDGES, id_check_holds, luhn_holds, read_digits, real_date

WHOLE, ENOUGH, UNFINISHED, WRONG = Wholeness.WHOLE, Wholeness.ENOUGH, Wholeness.UNFINISHED, Wholeness.WRONG


def read(check, text, low=1, high=20):
    reading = read_digits(Expect(ExpectationKind.DIGITS, (), low, high, check), text)
    return reading.wholeness, reading.value


@pytest.mark.parametrize(
    ("text", "wholeness", "value"),
    [
        ("", UNFINISHED, ""),
        ("אפס חמש שתיים", UNFINISHED, "052"),
        ("052-123-456", UNFINISHED, "052123456"),
        ("052-123-4567", WHOLE, "0521234567"),
        ("אפס חמישים ושתיים שלוש מאות ארבעים וחמש שש שבע שמונה תשע", WHOLE, "0523456789"),
        ("03-1234567", WHOLE, "031234567"),
        ("03-123456", UNFINISHED, "03123456"),
        ("03-12345678", WRONG, "0312345678"),
        ("077-1234567", WHOLE, "0771234567"),
        ("+972 52 123 4567", WHOLE, "0521234567"),
        ("+972 052 123 4567", WHOLE, "0521234567"),
        ("00972 2 123 4567", WHOLE, "021234567"),
        ("97", UNFINISHED, "97"),
        ("521234567", WHOLE, "0521234567"),
        ("06-1234567", WRONG, "061234567"),
        ("1234", WRONG, "1234"),
        ("052123456 פעמיים", UNFINISHED, "052123456"),
        ("0521234567 לא 0531234567", WHOLE, "0531234567"),
        ("אפס חמש שתיים לא שלוש אחת שתיים שלוש ארבע חמש שש", ENOUGH, "0523123456"),
    ],
)
def test_a_phone_number_is_whole_as_its_plan_says(text, wholeness, value):
    assert read(DigitsCheck.PHONE, text) == (wholeness, value)


@given(st.from_regex(r"\A0([57][0-9]{8}|[23489][0-9]{7})\Z"))
def test_no_part_of_a_phone_number_is_whole(number):
    for length in range(len(number)):
        assert read(DigitsCheck.PHONE, number[:length])[0] is UNFINISHED
    assert read(DigitsCheck.PHONE, number) == (WHOLE, number)


@pytest.mark.parametrize(
    ("text", "wholeness", "value"),
    [
        ("123456782", WHOLE, "123456782"),
        ("123456789", WRONG, "123456789"),
        ("1234567820", WRONG, "1234567820"),
        ("12345678", UNFINISHED, "12345678"),
        ("12345674", ENOUGH, "012345674"),
        ("000000000", WRONG, "000000000"),
    ],
)
def test_an_identity_number_has_nine_digits_and_a_check_digit(text, wholeness, value):
    assert read(DigitsCheck.ISRAELI_ID, text) == (wholeness, value)


@pytest.mark.parametrize(
    ("text", "wholeness"),
    [
        ("4580 4580 4580 4580", WHOLE),
        ("4580 4580 4580 4581", WRONG),
        ("3782 822463 10005", WHOLE),
        ("4580 4580 4581", UNFINISHED),
        ("4222 2222 2222 2", ENOUGH),
        ("0000 0000", UNFINISHED),
    ],
)
def test_a_card_is_whole_at_its_issuers_length(text, wholeness):
    assert read(DigitsCheck.LUHN, text)[0] is wholeness


@pytest.mark.parametrize(
    ("text", "wholeness"),
    [
        ("150385", WHOLE),
        ("150320", ENOUGH),
        ("310220", UNFINISHED),
        ("310285", WRONG),
        ("15032026", WHOLE),
        ("31022026", WRONG),
        ("1503202", UNFINISHED),
        ("150320261", WRONG),
        ("15.3.1985", WHOLE),
        ("15 03", UNFINISHED),
    ],
)
def test_a_date_in_digits_is_real(text, wholeness):
    assert read(DigitsCheck.DATE, text, 6, 8)[0] is wholeness


def test_a_date_of_eight_digits_is_not_whole_at_six():
    assert read(DigitsCheck.DATE, "150385", 8, 8)[0] is UNFINISHED
    assert read(DigitsCheck.DATE, "150320", 6, 6)[0] is WHOLE


@pytest.mark.parametrize(
    ("text", "wholeness"), [("123", UNFINISHED), ("1234", ENOUGH), ("123456", WHOLE), ("1234567", WRONG)]
)
def test_without_a_check_digits_are_whole_at_the_longest_length(text, wholeness):
    assert read(DigitsCheck.NONE, text, 4, 6)[0] is wholeness


def test_every_check_has_its_judge():
    assert set(JUDGES) == set(DigitsCheck)


@given(st.text("0123456789", min_size=8, max_size=8).filter(lambda digits: int(digits) > 0))
def test_one_check_digit_is_right(digits):
    assert sum(id_check_holds(digits + last) for last in "0123456789") == 1
    assert sum(luhn_holds(digits + last) for last in "0123456789") == 1


def test_a_year_of_two_digits_is_near():
    assert real_date(1, 2, 26).year == 2026
    assert real_date(1, 2, 85).year == 1985
    assert real_date(29, 2, 2025) is None
