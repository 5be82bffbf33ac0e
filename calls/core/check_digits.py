"""Numbers that carry a check digit, and how long they are: Israeli identity numbers, cards, phone numbers. Pure."""

from __future__ import annotations

ID_DIGITS = 9
NUMBER_PLAN = (("0[57]", 10), ("0[23489]", 9))
"""How Israel's numbers begin, and how long they are: mobiles and VoIP, lines on land
(https://www.itu.int/oth/T0202000069/en)."""
CARD_LENGTHS = (("3[47]", 15), ("3[068]", 14), ("[2456]", 16))
"""How cards' numbers begin, and how long they are."""


def id_check_holds(digits: str) -> bool:
    """The check digit of an Israeli identity number; shorter ones are padded."""
    return _weighted(digits.zfill(ID_DIGITS), 1) % 10 == 0 and bool(digits.strip("0"))


def luhn_holds(digits: str) -> bool:
    """The check digit of a card's number (ISO/IEC 7812-1)."""
    return _weighted(digits, 2 - len(digits) % 2) % 10 == 0 and bool(digits.strip("0"))


def _weighted(digits: str, first: int) -> int:
    """The digits' sum with weights 1 and 2 in turn; a product above nine is its digits' sum."""
    total = 0
    for at, digit in enumerate(digits):
        product = int(digit) * (first if at % 2 == 0 else 3 - first)
        total += product - 9 * (product > 9)
    return total
