"""Values as they are said in Hebrew: digits one by one, numbers in their noun's gender, sums, dates, times. Pure.

The words are pointed, as a voice that reads points wants them (facts: store scripts pointed); one that does not loses
nothing when they are taken away.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from calls.reply.dialogue_format import ReadAs

FEMININE = tuple("אֶפֶס אַחַת שְׁתַּיִים שָׁלוֹשׁ אַרְבַּע חָמֵשׁ שֵׁשׁ שֶׁבַע שְׁמוֹנֶה תֵּשַׁע עֶשֶׂר".split())
"""0 to 10; digits, hours, minutes and agorot."""
MASCULINE = tuple("אֶפֶס אֶחָד שְׁנַיִים שְׁלוֹשָׁה אַרְבָּעָה חֲמִישָּׁה שִׁישָּׁה שִׁבְעָה שְׁמוֹנָה תִּשְׁעָה עֲשָׂרָה".split())
"""0 to 10; shekels and days of the month."""
_TEENS = {
    False: tuple("אַחַד שְׁנֵים שְׁלוֹשָׁה אַרְבָּעָה חֲמִישָּׁה שִׁישָּׁה שִׁבְעָה שְׁמוֹנָה תִּשְׁעָה".split()),
    True: tuple("אַחַת שְׁתֵּים שְׁלוֹשׁ אַרְבַּע חֲמֵשׁ שֵׁשׁ שְׁבַע שְׁמוֹנֶה תְּשַׁע".split()),
}
_TEN = {False: "עָשָׂר", True: "עֶשְׂרֵה"}
_TENS = tuple("עֶשְׂרִים שְׁלוֹשִׁים אַרְבָּעִים חֲמִישִּׁים שִׁישִּׁים שִׁבְעִים שְׁמוֹנִים תִּשְׁעִים".split())
_HUNDREDS = ("מֵאָה", "מָאתַיִים", *(f"{word} מֵאוֹת" for word in _TEENS[True][2:]))
_THOUSANDS = (
    "אֶלֶף",
    "אַלְפַּיִים",
    *(f"{word} אֲלָפִים" for word in "שְׁלוֹשֶׁת אַרְבַּעַת חֲמֵשֶׁת שֵׁשֶׁת שִׁבְעַת שְׁמוֹנַת תִּשְׁעַת עֲשֶׂרֶת".split()),
)
_MONTHS = tuple("יָנוּאָר פֶבְּרוּאָר מֶרְץ אַפְּרִיל מַאי יוּנִי יוּלִי אוֹגוּסְט סֶפְּטֶמְבֶּר אוֹקְטוֹבֶּר נוֹבֶמְבֶּר דֶּצֶמְבֶּר".split())
_PARTS_OF_DAY = (
    (5, "בַּלַּיְלָה"),
    (12, "בַּבּוֹקֶר"),
    (14, "בַּצָּהֳרַיִים"),
    (18, "אַחַר הַצָּהֳרַיִים"),
    (22, "בָּעֶרֶב"),
    (24, "בַּלַּיְלָה"),
)
"""Until which hour."""
MOST = 999_999_999


def aloud(value: str, read_as: ReadAs) -> str:
    """The value in words; as it stands where it cannot be read so."""
    if read_as is ReadAs.WORDS:
        return value
    try:
        return _WAYS[read_as](value)
    except (ValueError, InvalidOperation):
        return value


def digits_aloud(digits: str) -> str:
    """One by one, in threes with a pause between them; the last group has four where one would be left over."""
    if not re.fullmatch("[0-9]+", digits):
        raise ValueError(digits)
    rest = len(digits) % 3
    cut = len(digits) - (4 if rest == 1 and len(digits) > 3 else rest)
    return _groups([*(digits[i : i + 3] for i in range(0, cut, 3)), digits[cut:]])


def phone_aloud(digits: str) -> str:
    """A number of Israel's plan as people say it: 052, 123, 4567."""
    if not re.fullmatch("0[0-9]{8,9}", digits):
        return digits_aloud(digits)
    area = len(digits) - 7
    return _groups([digits[:area], digits[area : area + 3], digits[area + 3 :]])


def number_aloud(number: int, feminine: bool) -> str:
    """A whole number up to 999,999,999 in the gender of what is counted. Raises ValueError."""
    if not 0 <= number <= MOST:
        raise ValueError(number)
    millions, below = divmod(number, 1_000_000)
    thousands, rest = divmod(below, 1000)
    parts = []
    if millions:
        counted = {1: "", 2: "שְׁנֵי "}.get(millions, f"{number_aloud(millions, False)} ")
        parts.append(f"{counted}מִילְיוֹן")
    if thousands:
        parts.append(_THOUSANDS[thousands - 1] if thousands <= 10 else f"{number_aloud(thousands, False)} אֶלֶף")
    if rest >= 100:
        parts.append(_HUNDREDS[rest // 100 - 1])
    parts += _below_hundred(rest % 100, feminine)
    if not parts:
        return (FEMININE if feminine else MASCULINE)[0]
    return " ".join(parts) if len(parts) == 1 else f"{' '.join(parts[:-1])} וְ{parts[-1]}"


def shekels_aloud(amount: str) -> str:
    """A sum such as 1250 or 49.90. Raises ValueError."""
    agorot = Decimal(amount.replace(",", "")) * 100
    if agorot != agorot.to_integral_value() or not 0 <= agorot <= MOST * 100:
        raise ValueError(amount)
    whole, rest = divmod(int(agorot), 100)
    coins = {1: "אֲגוֹרָה אַחַת", 2: "שְׁתֵּי אֲגוֹרוֹת"}.get(rest, f"{number_aloud(rest, True)} אֲגוֹרוֹת")
    sums = {1: "שֶׁקֶל אֶחָד", 2: "שְׁנֵי שְׁקָלִים"}.get(whole, f"{number_aloud(whole, False)} שְׁקָלִים")
    if not rest:
        return sums
    return f"{sums} וְ{coins}" if whole else coins


def date_aloud(day: str) -> str:
    """YYYY-MM-DD as day and month. Raises ValueError."""
    read = date.fromisoformat(day)
    return f"{number_aloud(read.day, False)} בְּ{_MONTHS[read.month - 1]}"


def time_aloud(clock: str) -> str:
    """HH:MM as an hour of twelve with its part of the day. Raises ValueError."""
    found = re.fullmatch("([0-9]{1,2}):([0-9]{2})", clock)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(clock)
    hour, minute = int(found[1]), int(found[2])
    part = next(name for until, name in _PARTS_OF_DAY if hour < until)
    said, after = number_aloud(hour % 12 or 12, True), number_aloud((hour + 1) % 12 or 12, True)
    if minute == 45:
        return f"רֶבַע לְ{after} {part}"
    more = {0: "", 15: " וָרֶבַע", 30: " וָחֵצִי"}.get(minute)
    if more is None:
        minutes = {1: "דַּקָּה", 2: "שְׁתֵּי דַּקּוֹת"}.get(minute, number_aloud(minute, True))
        more = f" וְ{minutes}" + (" דַּקּוֹת" if 3 <= minute <= 10 else "")
    return f"{said}{more} {part}"


def without_points(text: str) -> str:
    """Two texts are the same words whatever their points."""
    return re.sub("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]", "", text)


def _below_hundred(number: int, feminine: bool) -> list[str]:
    ones = FEMININE if feminine else MASCULINE
    if number <= 10:
        return [ones[number]] if number else []
    if number < 20:
        return [f"{_TEENS[feminine][number - 11]} {_TEN[feminine]}"]
    tens, rest = divmod(number, 10)
    return [_TENS[tens - 2], *([ones[rest]] if rest else [])]


def _groups(groups: list[str]) -> str:
    return ", ".join(" ".join(FEMININE[int(digit)] for digit in group) for group in groups if group)


_WAYS: dict[ReadAs, Callable[[str], str]] = {
    ReadAs.DIGITS: digits_aloud,
    ReadAs.PHONE: phone_aloud,
    ReadAs.MASCULINE: lambda value: number_aloud(int(value), False),
    ReadAs.FEMININE: lambda value: number_aloud(int(value), True),
    ReadAs.SHEKELS: shekels_aloud,
    ReadAs.DATE: date_aloud,
    ReadAs.TIME: time_aloud,
    ReadAs.YES_NO: lambda value: {"yes": "כֵּן", "no": "לֹא"}.get(value, value),
}
