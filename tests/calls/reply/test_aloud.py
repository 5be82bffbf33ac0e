import pytest

from calls.reply.aloud import FEMININE, MASCULINE, aloud, number_aloud, without_points
from calls.reply.dialogue_format import ReadAs


@pytest.mark.parametrize(
    ("value", "read_as", "said"),
    [
        ("0521234567", "phone", "אפס חמש שתיים, אחת שתיים שלוש, ארבע חמש שש שבע"),
        ("031234567", "phone", "אפס שלוש, אחת שתיים שלוש, ארבע חמש שש שבע"),
        ("1700500500", "phone", "אחת שבע אפס, אפס חמש אפס, אפס חמש אפס אפס"),
        ("123456782", "digits", "אחת שתיים שלוש, ארבע חמש שש, שבע שמונה שתיים"),
        ("12345", "digits", "אחת שתיים שלוש, ארבע חמש"),
        ("7", "digits", "שבע"),
        ("1", "shekels", "שקל אחד"),
        ("2", "shekels", "שני שקלים"),
        ("3", "shekels", "שלושה שקלים"),
        ("250", "shekels", "מאתיים וחמישים שקלים"),
        ("49.90", "shekels", "ארבעים ותשעה שקלים ותשעים אגורות"),
        ("0.01", "shekels", "אגורה אחת"),
        ("10.02", "shekels", "עשרה שקלים ושתי אגורות"),
        ("1,250", "shekels", "אלף מאתיים וחמישים שקלים"),
        ("3", "masculine", "שלושה"),
        ("3", "feminine", "שלוש"),
        ("0", "feminine", "אפס"),
        ("11", "masculine", "אחד עשר"),
        ("12", "feminine", "שתים עשרה"),
        ("21", "feminine", "עשרים ואחת"),
        ("115", "masculine", "מאה וחמישה עשר"),
        ("1984", "feminine", "אלף תשע מאות שמונים וארבע"),
        ("10000", "feminine", "עשרת אלפים"),
        ("12000", "feminine", "שנים עשר אלף"),
        ("2000001", "masculine", "שני מיליון ואחד"),
        ("2026-03-15", "date", "חמישה עשר במרץ"),
        ("2026-12-01", "date", "אחד בדצמבר"),
        ("14:30", "time", "שתיים וחצי אחר הצהריים"),
        ("09:00", "time", "תשע בבוקר"),
        ("11:45", "time", "רבע לשתים עשרה בבוקר"),
        ("12:15", "time", "שתים עשרה ורבע בצהריים"),
        ("20:05", "time", "שמונה וחמש דקות בערב"),
        ("23:40", "time", "אחת עשרה וארבעים בלילה"),
        ("00:01", "time", "שתים עשרה ודקה בלילה"),
        ("yes", "yes_no", "כן"),
        ("כחול", "words", "כחול"),
    ],
)
def test_a_value_is_said_as_people_say_it(value, read_as, said):
    assert without_points(aloud(value, ReadAs(read_as))) == said


@pytest.mark.parametrize("read_as", [one for one in ReadAs if one is not ReadAs.YES_NO])
@pytest.mark.parametrize("value", ["שלום", "", "-1", "nan", "9" * 30, "25:00", "2026-02-30", "1.005"])
def test_what_cannot_be_said_so_is_said_as_it_stands(value, read_as):
    if read_as in (ReadAs.DIGITS, ReadAs.PHONE) and value.isdigit():
        return
    assert aloud(value, read_as) == value


def test_every_number_word_is_pointed():
    words = {word for number in range(0, 3000, 7) for word in number_aloud(number, number % 2 == 0).split()}
    assert all(without_points(word) != word for word in words | set(FEMININE) | set(MASCULINE))


def test_the_genders_differ_where_hebrew_has_two():
    same = [number for number in range(100) if number_aloud(number, True) == number_aloud(number, False)]
    assert same == [0, 20, 30, 40, 50, 60, 70, 80, 90]
