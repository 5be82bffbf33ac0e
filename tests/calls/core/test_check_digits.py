"""Check digits, by known numbers."""

import pytest

from calls.core.check_digits import id_check_holds, luhn_holds


@pytest.mark.parametrize("digits", ["123456782", "000000018", "18", "039337423"])
def test_an_identity_numbers_check_digit(digits):
    assert id_check_holds(digits)
    assert not id_check_holds(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@pytest.mark.parametrize("digits", ["4580458045804580", "4111111111111111", "378282246310005", "5105105105105100"])
def test_a_cards_check_digit(digits):
    assert luhn_holds(digits)
    assert not luhn_holds(digits[:-1] + str((int(digits[-1]) + 1) % 10))


def test_zeros_are_no_number():
    assert not id_check_holds("0" * 9) and not luhn_holds("0" * 16)
