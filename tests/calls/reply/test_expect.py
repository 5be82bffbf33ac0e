from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.expect import read
from calls.reply.items import DigitsCheck, Expect, ExpectationKind
from calls.reply.reading import NOTHING, AnswerReading, Wholeness

WHOLE, ENOUGH, UNFINISHED = Wholeness.WHOLE, Wholeness.ENOUGH, Wholeness.UNFINISHED
YES_NO = Expect(ExpectationKind.YES_NO)
DEPARTMENT = Expect(
    ExpectationKind.CHOICE,
    (
        ("sales", ("מכירות", "לקנות")),
        ("service", ("שירות", "תמיכה", "תמיכה טכנית")),
        ("tel_aviv", ("תל אביב",)),
        ("north", ("תל אביב צפון",)),
    ),
)


@pytest.mark.parametrize(
    "text", ["כן", "כן.", "בטח", "נכון", "אוקיי", "או קיי", "כן, זה בסדר גמור", "אין בעיה", "בטח שכן", "כן בבקשה", "כֵּן"]
)
def test_a_yes_is_whole(text):
    assert read(YES_NO, text) == AnswerReading(WHOLE, "yes")


@pytest.mark.parametrize(
    "text", ["לא", "ממש לא", "לא, תודה", "לא נכון", "בטח שלא", "בשום אופן", "אני לא רוצה", "לא לא"]
)
def test_a_no_is_whole(text):
    assert read(YES_NO, text) == AnswerReading(WHOLE, "no")


@pytest.mark.parametrize("text", ["", "אני לא יודע", "כן לא", "אולי", "מה?", "לא הבנתי", "שלום"])
def test_neither_is_an_answer(text):
    assert read(YES_NO, text) == NOTHING


def test_a_yes_that_breaks_off_is_unfinished():
    assert read(YES_NO, "כן, אבל").wholeness is UNFINISHED
    assert read(YES_NO, "כן אה").wholeness is UNFINISHED


def test_a_yes_in_a_long_sentence_is_an_answer_if_nothing_follows():
    assert read(YES_NO, "כן אני רוצה לקבוע תור ליום שלישי") == AnswerReading(ENOUGH, "yes")


@pytest.mark.parametrize(
    ("text", "wholeness", "value"),
    [
        ("מכירות", WHOLE, "sales"),
        ("אני רוצה לדבר עם המכירות בבקשה", WHOLE, "sales"),
        ("תמיכה", WHOLE, "service"),
        ("לתמיכה טכנית", WHOLE, "service"),
        ("תל אביב", ENOUGH, "tel_aviv"),
        ("תל אביב צפון", WHOLE, "north"),
        ("מכירות, לא, שירות", ENOUGH, "service"),
        ("לא מכירות", UNFINISHED, ""),
        ("מכירות או שירות", UNFINISHED, ""),
        ("משהו אחר", UNFINISHED, ""),
        ("", UNFINISHED, ""),
    ],
)
def test_a_choice_is_one_of_its_values(text, wholeness, value):
    assert read(DEPARTMENT, text) == AnswerReading(wholeness, value)


def test_each_kind_is_read_by_its_own():
    phone = Expect(ExpectationKind.DIGITS, check=DigitsCheck.PHONE)
    assert read(phone, "03-1234567").value == "031234567"
    assert read(Expect(ExpectationKind.AMOUNT), "שקל וחצי").value == "1.50"
    assert read(Expect(ExpectationKind.TIME), "שלוש וחצי").value == "03:30"
    assert read(Expect(ExpectationKind.DATE), "מחר", date(2026, 11, 26)).value == "2026-11-27"


def test_today_changes_no_verdict():
    for text in ("מחר", "יום שני", "15 במרץ", "31.2", "15.3.2026"):
        expect = Expect(ExpectationKind.DATE)
        assert read(expect, text).wholeness is read(expect, text, date(2026, 11, 26)).wholeness


@given(st.text())
def test_nothing_in_particular_is_never_whole(text):
    assert read(Expect(), text) == NOTHING


@given(st.sampled_from(ExpectationKind), st.sampled_from(DigitsCheck), st.text())
def test_any_text_can_be_read(kind, check, text):
    read(Expect(kind, DEPARTMENT.choices, check=check), text)


@given(
    st.sampled_from(ExpectationKind),
    st.lists(st.sampled_from("כן לא 05 052 שלוש וחצי שקל מחר 15.3 או תל אביב לא פעמיים מאות אלף ו".split())),
)
def test_what_is_whole_has_a_value(kind, words):
    reading = read(Expect(kind, DEPARTMENT.choices), " ".join(words))
    assert reading.value or reading.wholeness not in (WHOLE, ENOUGH)
