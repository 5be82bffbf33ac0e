"""Reads dates and times of day, in figures, words or both. Pure: today is an argument."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from calls.reply.reading import NOTHING, AnswerReading, Wholeness
from calls.reply.spoken_digits import real_date
from calls.reply.spoken_numbers import AND, SpokenPart, parts_of, stem_of, words_of

_MONTHS = (
    "ינואר",
    "פברואר",
    "מרץ מרס",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
)
MONTHS = {word: month for month, words in enumerate(_MONTHS, 1) for word in words.split()}
ORDINALS = {
    word: number for number, word in enumerate("ראשון שני שלישי רביעי חמישי שישי שביעי שמיני תשיעי עשירי".split(), 1)
}
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
RELATIVE = {"היום": 0, "מחר": 1, "מחרתיים": 2, "אתמול": -1, "שלשום": -2}
"""Days from today."""
LEAP_YEAR = 2024
_WRITTEN_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?")
_WRITTEN_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
FRACTIONS_OF_HOUR = {"חצי": 30, "רבע": 15}
TO_MINUTES = (5, 10, 15, 20, 25)
"""What is said as "ten to five"; "between three and four" is none."""
PARTS_OF_DAY = {
    "אחר הצהריים": "noon",
    "אחרי הצהריים": "noon",
    'אחה"צ': "noon",
    "לפנות בוקר": "morning",
    "בוקר": "morning",
    "צהריים": "noon",
    "צוהריים": "noon",
    "ערב": "evening",
    "לילה": "night",
    "חצות": "midnight",
    "am": "morning",
    "pm": "evening",
}
AFTERNOON = {"noon": range(1, 8), "evening": range(1, 12), "night": range(6, 12)}
"""Hours that are twelve later in this part of the day."""


def read_date(text: str, today: date | None = None) -> AnswerReading:
    """A date. The value: ISO 8601; without ``today`` a day without a year is ``--03-15``, and "tomorrow" and the days
    of the week are ``+1`` and ``sunday``. Without a year it is an answer, and a year may follow."""
    words = words_of(text)
    for word in words:
        written = _WRITTEN_DATE.fullmatch(word)
        if written:
            year = int(written[3]) if written[3] else None
            return _dated(int(written[1]), int(written[2]), year, today)
    numbers, month_at, weekday = _numbers_of_date(parts_of(text))
    if len(numbers) >= 2 and month_at in (None, 1) and len(numbers) <= 3:
        return _dated(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else None, today)
    days = [RELATIVE[word] for word in words if word in RELATIVE]
    if len(days) == 1 and not numbers:
        return AnswerReading(Wholeness.WHOLE, (today + timedelta(days[0])).isoformat() if today else f"{days[0]:+d}")
    if weekday is not None and not numbers:
        return AnswerReading(Wholeness.WHOLE, _next_weekday(weekday, words, today))
    return NOTHING


def read_time(text: str) -> AnswerReading:
    """A time of day. The value: ``14:30``; without its part of the day an hour is as said."""
    words = words_of(text)
    part_of_day = _part_of_day(words)
    for word in words:
        written = _WRITTEN_TIME.fullmatch(word)
        if written:
            return _timed(int(written[1]), int(written[2]), part_of_day, True)
    return _spoken_time([part for part in parts_of(text) if _counts(part)], part_of_day)


def _numbers_of_date(parts: Sequence[SpokenPart]) -> tuple[list[int], int | None, int | None]:
    """The numbers that make a date in order, where the month's name stood among them, and the day of the week."""
    numbers: list[int] = []
    month_at = weekday = None
    after_day = False
    for part in parts:
        month = MONTHS.get(stem_of(part.word, MONTHS)[1])
        ordinal = ORDINALS.get(stem_of(part.word, ORDINALS)[1])
        number = part.value if part.value is not None else ordinal
        if after_day and number is not None and number <= 6:
            weekday = number - 1
        elif stem_of(part.word, ("שבת",))[1]:
            weekday = 6
        elif month is not None:
            month_at = len(numbers)
            numbers.append(month)
        elif number is not None:
            numbers.append(number)
        after_day = bool(stem_of(part.word, ("יום",))[1])
    return numbers, month_at, weekday


def _dated(day: int, month: int, year: int | None, today: date | None) -> AnswerReading:
    if year is not None:
        said = real_date(day, month, year)
        return (
            AnswerReading(Wholeness.WHOLE, said.isoformat())
            if said
            else AnswerReading(Wholeness.WRONG, f"{day}.{month}.{year}")
        )
    if real_date(day, month, LEAP_YEAR) is None:
        return AnswerReading(Wholeness.WRONG, f"{day}.{month}")
    if today is None:
        return AnswerReading(Wholeness.ENOUGH, f"--{month:02d}-{day:02d}")
    coming = (real_date(day, month, year) for year in range(today.year, today.year + 9))
    return AnswerReading(Wholeness.ENOUGH, next(one for one in coming if one is not None and one >= today).isoformat())


def _next_weekday(weekday: int, words: Sequence[str], today: date | None) -> str:
    """The next such day from tomorrow on; "next week" is the one that begins with the coming Sunday."""
    if today is None:
        return WEEKDAYS[weekday]
    now = (today.weekday() + 1) % 7
    if "שבוע" in " ".join(words) and "הבא" in words:
        return (today + timedelta(7 - now + weekday)).isoformat()
    return (today + timedelta((weekday - now - 1) % 7 + 1)).isoformat()


def _part_of_day(words: Sequence[str]) -> str:
    said = " " + " ".join(words)
    return next(
        (part for word, part in PARTS_OF_DAY.items() if re.search(f" [{'ובהל'}]{{0,2}}{word}(?: |$)", said)), ""
    )


def _counts(part: SpokenPart) -> bool:
    """Belongs to a time: a number, or a part of an hour."""
    return part.value is not None or bool(stem_of(part.word, FRACTIONS_OF_HOUR)[1])


def _spoken_time(parts: Sequence[SpokenPart], part_of_day: str) -> AnswerReading:
    if not parts:
        fixed = {"noon": "12:00", "midnight": "00:00"}.get(part_of_day)
        return AnswerReading(Wholeness.WHOLE, fixed) if fixed else NOTHING
    if len(parts) > 2:
        return NOTHING
    first, last = _minutes(parts[0]), _minutes(parts[-1])
    if len(parts) == 1:
        return NOTHING if parts[0].value is None else _timed(parts[0].value, 0, part_of_day, False)
    if parts[1].value is not None and parts[1].prefix.endswith("ל"):
        if first not in TO_MINUTES:
            return NOTHING
        return _timed((parts[1].value - 1) % 24 or 12, 60 - first, part_of_day, True)
    prefix = parts[1].prefix if parts[1].value is not None else stem_of(parts[1].word, FRACTIONS_OF_HOUR)[0]
    if parts[0].value is None or prefix not in ("", AND):
        return NOTHING
    return _timed(parts[0].value, last, part_of_day, True)


def _minutes(part: SpokenPart) -> int:
    return part.value if part.value is not None else FRACTIONS_OF_HOUR[stem_of(part.word, FRACTIONS_OF_HOUR)[1]]


def _timed(hour: int, minutes: int, part_of_day: str, precise: bool) -> AnswerReading:
    if hour > 24 or minutes > 59:
        return AnswerReading(Wholeness.WRONG, f"{hour}:{minutes:02d}")
    if hour in AFTERNOON.get(part_of_day, ()):
        hour += 12
    elif hour == 24 or (hour == 12 and part_of_day in ("night", "midnight")):
        hour = 0
    whole = precise or bool(part_of_day)
    return AnswerReading(Wholeness.WHOLE if whole else Wholeness.ENOUGH, f"{hour:02d}:{minutes:02d}")
