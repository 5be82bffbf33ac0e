"""Hebrew words for digits and small numbers, and how digits are grouped when they are read one by one. Pure.

Only what heb-tts-normalizer does not do: everything else about numbers is its own (calls/reply/speakable.py).
"""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע".split()
"""As digits are dictated: the feminine forms."""
_MASCULINE = "אפס אחד שניים שלושה ארבעה חמישה שישה שבעה שמונה תשעה".split()
_TENS = "עשר עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים".split()
LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "איי בי סי די אי אף ג'י אייץ' איי ג'יי קיי אל אם אן או פי קיו אר אס טי יו וי דאבליו אקס ווי זד".split(),
        strict=True,
    )
)
"""Names of Latin letters, as they are said in Hebrew."""
_SIGNS = {"+": "פלוס", "*": "כוכבית", "#": "סולמית", ".": "נקודה", "-": "מקף", "_": "קו תחתון", "@": "שטרודל"}


def small_number(value: int, *, masculine: bool) -> str:
    """0 to 99 in words, in the absolute form: 21 -> עשרים ואחת."""
    ones = _MASCULINE if masculine else DIGITS
    if value < 10:
        return ones[value]
    if value == 10:
        return "עשרה" if masculine else "עשר"
    if value < 20:
        if value == 12:
            return "שנים עשר" if masculine else "שתים עשרה"
        return f"{ones[value - 10]} {'עשר' if masculine else 'עשרה'}"
    tens, one = divmod(value, 10)
    return _TENS[tens - 1] + (f" ו{ones[one]}" if one else "")


def one_by_one(written: str) -> str:
    """Each digit, Latin letter and sign by its name: A-12 -> איי אחת שתיים (a dash is not said)."""
    return " ".join(
        DIGITS[int(one)] if one in "0123456789" else LETTERS.get(one.upper(), one) for one in written if one.isalnum()
    )


def in_groups(groups: Iterable[str]) -> str:
    """Groups of digits one by one, with a pause (a comma) between groups."""
    return ", ".join(one_by_one(group) for group in groups if group)


def groups_of(code: str) -> list[str]:
    """A code cut into groups that an ear can keep: up to four characters stay together, longer ones go by threes,
    and no group of one is left over."""
    length = len(code)
    if length <= 4:
        return [code]
    if length == 5:
        return [code[:2], code[2:]]
    if length % 3 == 1:
        return [*(code[at : at + 3] for at in range(0, length - 4, 3)), code[-4:]]
    return [code[at : at + 3] for at in range(0, length, 3)]


def groups_of_phone(digits: str) -> list[str]:
    """A phone number by Israel's plan: area code or prefix, three digits, four digits; 1-800 by three and three."""
    if digits.startswith("972"):
        rest = digits[3:]
        cut = 2 if len(rest) == 9 else 1
        return ["972", rest[:cut], rest[cut : cut + 3], rest[cut + 3 :]]
    if digits.startswith("1") and len(digits) == 10:
        return [digits[:4], digits[4:7], digits[7:]]
    if digits.startswith("0") and len(digits) in (9, 10):
        return [digits[:-7], digits[-7:-4], digits[-4:]]
    return groups_of(digits)


def spelled(address: str) -> str:
    """An e-mail's or a site's part as it is dictated: words stay, signs and digits are named."""
    words: list[str] = []
    word = ""
    for one in address:
        if one.isalpha():
            word += one
            continue
        words += [word] if word else []
        word = ""
        words.append(DIGITS[int(one)] if one in "0123456789" else _SIGNS.get(one, ""))
    return " ".join(one for one in [*words, word] if one)
