from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.reading import NOTHING, AnswerReading, Wholeness
from calls.reply.spoken_dates import read_date, read_time

WHOLE, ENOUGH, WRONG = Wholeness.WHOLE, Wholeness.ENOUGH, Wholeness.WRONG
THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "wholeness", "value"),
    [
        ("15.3.2026", WHOLE, "2026-03-15"),
        ("15/3/26", WHOLE, "2026-03-15"),
        ("15-3-2026", WHOLE, "2026-03-15"),
        ("חמישה עשר במרץ אלפיים עשרים ושש", WHOLE, "2026-03-15"),
        ("נולדתי בשניים באוגוסט אלף תשע מאות שמונים וחמש", WHOLE, "1985-08-02"),
        ("יום שלישי 15 במרץ 2026", WHOLE, "2026-03-15"),
        ("15/3", ENOUGH, "--03-15"),
        ("ה-15 למרץ", ENOUGH, "--03-15"),
        ("ראשון לינואר", ENOUGH, "--01-01"),
        ("חמישה עשר לשלישי", ENOUGH, "--03-15"),
        ("29 בפברואר", ENOUGH, "--02-29"),
        ("היום", WHOLE, "+0"),
        ("מחר בבוקר", WHOLE, "+1"),
        ("יום ראשון", WHOLE, "sunday"),
        ("ביום שני", WHOLE, "monday"),
        ("בשבת", WHOLE, "saturday"),
        ("31.2", WRONG, "31.2"),
        ("29.2.2025", WRONG, "29.2.2025"),
    ],
)
def test_a_date_is_read(text, wholeness, value):
    assert read_date(text) == AnswerReading(wholeness, value)


@pytest.mark.parametrize("text", ["", "לא יודע", "15", "שלישי", "מרץ", "היום או מחר"])
def test_what_is_no_date_has_no_value(text):
    assert read_date(text) == NOTHING


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("מחר", "2026-11-27"),
        ("יום שישי", "2026-11-27"),
        ("יום חמישי", "2026-12-03"),
        ("יום שלישי", "2026-12-01"),
        ("יום שישי בשבוע הבא", "2026-12-04"),
        ("26 בנובמבר", "2026-11-26"),
        ("25 בנובמבר", "2027-11-25"),
        ("29 בפברואר", "2028-02-29"),
    ],
)
def test_with_today_a_date_has_its_year(text, value):
    assert read_date(text, THURSDAY).value == value


@given(st.dates(date(1941, 1, 1), date(2040, 12, 31)))
def test_real_dates_are_whole(day):
    for text in (f"{day.day}.{day.month}.{day.year}", f"{day.day:02d}/{day.month:02d}/{day.year % 100:02d}"):
        assert read_date(text) == AnswerReading(WHOLE, day.isoformat())


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 6))
def test_a_day_of_the_week_is_within_the_next_seven(today, days):
    name = ("ראשון", "שני", "שלישי", "רביעי", "חמישי", "שישי")
    said = today + timedelta(1 + days)
    weekday = (said.weekday() + 1) % 7
    assert read_date("שבת" if weekday == 6 else f"יום {name[weekday]}", today).value == said.isoformat()


@pytest.mark.parametrize(
    ("text", "wholeness", "value"),
    [
        ("14:30", WHOLE, "14:30"),
        ("2:30 אחה״צ", WHOLE, "14:30"),
        ("שלוש וחצי", WHOLE, "03:30"),
        ("שלוש ורבע", WHOLE, "03:15"),
        ("רבע לארבע", WHOLE, "03:45"),
        ("רבע לאחת", WHOLE, "12:45"),
        ("עשרה לחמש בערב", WHOLE, "16:50"),
        ("חמש ועשרה", WHOLE, "05:10"),
        ("שלוש ועשרים", WHOLE, "03:20"),
        ("עשר עשרים", WHOLE, "10:20"),
        ("עשר וחמש", WHOLE, "10:05"),
        ("בשמונה בערב", WHOLE, "20:00"),
        ("בשמונה וחצי בבוקר", WHOLE, "08:30"),
        ("בצהריים", WHOLE, "12:00"),
        ("בחצות", WHOLE, "00:00"),
        ("בשתים עשרה בלילה", WHOLE, "00:00"),
        ("אחת עשרה בלילה", WHOLE, "23:00"),
        ("שתיים בלילה", WHOLE, "02:00"),
        ("חמש אחר הצהריים", WHOLE, "17:00"),
        ("שלוש", ENOUGH, "03:00"),
        ("בשעה 17", ENOUGH, "17:00"),
        ("עשרים ושלוש", ENOUGH, "23:00"),
        ("25:30", WRONG, "25:30"),
        ("12:75", WRONG, "12:75"),
    ],
)
def test_a_time_is_read(text, wholeness, value):
    assert read_time(text) == AnswerReading(wholeness, value)


@pytest.mark.parametrize("text", ["", "לא יודע", "בין שלוש לארבע", "ב-5 או ב-6", "1 2 3"])
def test_what_is_no_time_has_no_value(text):
    assert read_time(text) == NOTHING


@given(st.times())
def test_written_times_are_whole(time):
    assert read_time(f"{time.hour}:{time.minute:02d}") == AnswerReading(WHOLE, f"{time:%H:%M}")


@given(st.text())
def test_any_text_can_be_read(text):
    read_date(text)
    read_date(text, THURSDAY)
    read_time(text)
