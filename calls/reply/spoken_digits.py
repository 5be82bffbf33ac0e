"""Reads dictated digits against their length and check: when is a number whole? Pure.

Callers dictate in groups with pauses of up to a second and more between them, so a number must not be taken for whole
while digits can still belong to it: nine digits of a ten-digit mobile number are none, nine of a number on land are.

| check | whole | an answer if nothing follows |
|---|---|---|
| none | the longest length | from the shortest length on |
| ``israeli_id`` | nine digits, check digit right | seven or eight that are right with zeros in front |
| ``phone`` | as long as the number plan says for its beginning, also as +972 | never |
| ``luhn`` | right at the longest length, or at that of the issuer's cards | right from the shortest length on |
| ``date`` | a real date of 8 digits, or of 6 that no 8 can begin with | six digits that end in 19 or 20 |

Without a check that decides, a number between its lengths waits as an unfinished one does: nobody knows whether the
caller only takes a breath.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from calls.core.check_digits import CARD_LENGTHS, ID_DIGITS, NUMBER_PLAN, id_check_holds, luhn_holds
from calls.reply.items import DigitsCheck, Expect
from calls.reply.reading import AnswerReading, Wholeness
from calls.reply.spoken_numbers import digits_of, is_dangling, parts_of

CORRECTIONS = {"לא", "טעות", "סליחה", "תיקון", "בעצם"}
"""After one of these the caller says it anew: only what follows can be whole."""
SHORTEST_ID = 7
CENTURY_ENDS_AT = 40
"""Years of two digits up to this are of this century."""


def read_digits(expect: Expect, text: str) -> AnswerReading:
    """Digits, number words or both. The value: digits alone; a phone number as dialled inside of Israel, an identity
    number with its zeros in front."""
    parts = parts_of(text)
    dates = [part.word for part in parts if part.word] if expect.check is DigitsCheck.DATE else []
    judge = JUDGES[expect.check]
    corrected = [at for at, part in enumerate(parts) if part.word in CORRECTIONS]
    if corrected:
        last = judge(expect, digits_of(parts[corrected[-1] + 1 :]))
        if last.wholeness is Wholeness.WHOLE:
            return last
    reading = judge(expect, _padded(dates) or digits_of(parts))
    if is_dangling(parts):
        return AnswerReading(Wholeness.UNFINISHED, reading.value)
    if corrected and reading.wholeness is Wholeness.WHOLE:
        return AnswerReading(Wholeness.ENOUGH, reading.value)
    return reading


def real_date(day: int, month: int, year: int) -> date | None:
    """None where the calendar has no such day. A year of two digits is of this century up to 40."""
    if year < 100:
        year += 2000 if year <= CENTURY_ENDS_AT else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _plain(expect: Expect, digits: str) -> AnswerReading:
    if len(digits) > expect.max_digits:
        return AnswerReading(Wholeness.WRONG, digits)
    if digits and len(digits) == expect.max_digits:
        return AnswerReading(Wholeness.WHOLE, digits)
    long_enough = bool(digits) and len(digits) >= expect.min_digits
    return AnswerReading(Wholeness.ENOUGH if long_enough else Wholeness.UNFINISHED, digits)


def _israeli_id(expect: Expect, digits: str) -> AnswerReading:
    right = id_check_holds(digits)
    if len(digits) >= ID_DIGITS:
        return AnswerReading(Wholeness.WHOLE if right and len(digits) == ID_DIGITS else Wholeness.WRONG, digits)
    if len(digits) >= SHORTEST_ID and right:
        return AnswerReading(Wholeness.ENOUGH, digits.zfill(ID_DIGITS))
    return AnswerReading(Wholeness.UNFINISHED, digits)


def _luhn(expect: Expect, digits: str) -> AnswerReading:
    of_issuer = next((length for begin, length in CARD_LENGTHS if re.match(begin, digits)), expect.max_digits)
    longest = min(of_issuer, expect.max_digits)
    right = luhn_holds(digits)
    if len(digits) >= longest:
        return AnswerReading(Wholeness.WHOLE if right and len(digits) == longest else Wholeness.WRONG, digits)
    enough = right and len(digits) >= max(expect.min_digits, 2)
    return AnswerReading(Wholeness.ENOUGH if enough else Wholeness.UNFINISHED, digits)


def _phone(expect: Expect, digits: str) -> AnswerReading:
    digits = _national(digits)
    if any(begin.startswith(digits) for begin in ("0", "972", "00972")):
        return AnswerReading(Wholeness.UNFINISHED, digits)
    length = next((length for begin, length in NUMBER_PLAN if re.match(begin, digits)), 0)
    if len(digits) < length:
        return AnswerReading(Wholeness.UNFINISHED, digits)
    return AnswerReading(Wholeness.WHOLE if len(digits) == length else Wholeness.WRONG, digits)


def _date(expect: Expect, digits: str) -> AnswerReading:
    lengths = [length for length in (6, 8) if expect.min_digits <= length <= expect.max_digits]
    longest = max(lengths, default=8)
    if len(digits) < 6 or len(digits) == 7:
        return AnswerReading(Wholeness.UNFINISHED, digits)
    is_real = len(digits) in lengths and real_date(int(digits[:2]), int(digits[2:4]), int(digits[4:])) is not None
    if len(digits) == 6 and longest == 8 and digits[4:] in ("19", "20"):
        return AnswerReading(Wholeness.ENOUGH if is_real else Wholeness.UNFINISHED, digits)
    if len(digits) == 6 and 6 not in lengths:
        return AnswerReading(Wholeness.UNFINISHED, digits)
    return AnswerReading(Wholeness.WHOLE if is_real else Wholeness.WRONG, digits)


JUDGES: dict[DigitsCheck, Callable[[Expect, str], AnswerReading]] = {
    DigitsCheck.NONE: _plain,
    DigitsCheck.ISRAELI_ID: _israeli_id,
    DigitsCheck.LUHN: _luhn,
    DigitsCheck.PHONE: _phone,
    DigitsCheck.DATE: _date,
}


def _national(digits: str) -> str:
    """As dialled inside of Israel; a mobile number that was said without its zero has it."""
    abroad = re.fullmatch(r"(?:00)?972(0?)([2-9]\d*)", digits)
    if abroad:
        return "0" + abroad[2]
    return "0" + digits if re.match("[57]", digits) else digits


def _padded(words: list[str]) -> str:
    """A date that the recogniser wrote with points or strokes, as the digits of a form; "" where there is none."""
    for word in words:
        written = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})", word)
        if written:
            return written[1].zfill(2) + written[2].zfill(2) + written[3]
    return ""
