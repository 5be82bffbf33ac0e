import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.spoken_numbers import digits_of, is_dangling, parts_of, stem_of, words_of

DIGIT_WORDS = "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע".split()


def numbers(text, **options):
    return [part.value for part in parts_of(text, **options)]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("אפס חמש שתיים", "052"),
        ("אפס חמישים ושתיים", "052"),
        ("חמישים שתיים", "502"),
        ("חמש מאות", "500"),
        ("שלוש מאות ארבעים וחמש", "345"),
        ("מאה עשרים", "120"),
        ("מאה ועשרים ושלוש", "123"),
        ("05 שתיים", "052"),
        ("פעמיים חמש", "55"),
        ("כפול שבע שמונה", "778"),
        ("שלוש פעמים חמש", "555"),
        ("אפס שלוש פעמים חמש", "0555"),
        ("פעמיים עשרים ושתיים", "2222"),
        ("אלפיים עשרים ושש", "2026"),
        ("אלף תשע מאות שמונים וחמש", "1985"),
        ("20 ו-2", "22"),
        ("20 2", "202"),
        ("100 20", "10020"),
        ("052-1234567", "0521234567"),
        ("+972 52 123 4567", "972521234567"),
        ("אחת עשרה", "11"),
        ("שמונה עשר", "18"),
        ("מאה ואחת עשרה", "111"),
        ("חֲמִשִּׁים וּשְׁתַּיִם", "52"),
        ("המספר הוא אפס, שלוש.", "03"),
        ("052.123.4567", "0521234567"),
        ("٠٥٢", "052"),
        ("שלום", ""),
    ],
)
def test_dictated_digits_are_the_numbers_side_by_side(text, digits):
    assert digits_of(parts_of(text)) == digits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("שלושים אלף ומאתיים", 30_200),
        ("חמש מאות אלף", 500_000),
        ("שני מיליון שלוש מאות אלף", 2_300_000),
        ("מיליון ושבע", 1_000_007),
        ("אלף", 1000),
        ("5 אלף", 5000),
        ("1,250", 1250),
        ("מאה עשרים שלוש", 123),
        ("אלפיים", 2000),
    ],
)
def test_an_amount_is_one_number(text, value):
    assert numbers(text, loose=True) == [value]


def test_ten_and_five_are_two_numbers():
    assert numbers("עשר וחמש") == [10, 5]


def test_a_number_keeps_the_letters_on_its_front():
    (part,) = parts_of("ב-15")
    assert (part.value, part.prefix) == (15, "ב")
    assert parts_of("בשלוש")[0].prefix == "ב"


def test_twice_at_the_end_says_that_a_number_follows():
    assert is_dangling(parts_of("אפס חמש פעמיים"))
    assert not is_dangling(parts_of("אפס חמש פעמיים שלוש"))


def test_a_known_word_is_found_behind_its_prefixes():
    assert stem_of("ובשלוש", ("שלוש",)) == ("וב", "שלוש")
    assert stem_of("שמונה", ("שמונה",)) == ("", "שמונה")
    assert stem_of("אחרשלוש", ("שלוש",)) == ("", "")


def test_words_are_bare():
    assert words_of('כֵּן, זה "בסדר" גמור! 49.90 ש״ח\u200f') == ["כן", "זה", "בסדר", "גמור", "49.90", 'ש"ח']


@given(st.text("0123456789", min_size=1, max_size=12), st.data())
def test_digits_are_read_however_they_are_mixed(digits, data):
    spoken, at = [], 0
    while at < len(digits):
        length = data.draw(st.integers(1, 4))
        group = digits[at : at + length]
        spoken.append(group if data.draw(st.booleans()) else " ".join(DIGIT_WORDS[int(digit)] for digit in group))
        at += length
    assert digits_of(parts_of(" ".join(spoken))) == digits


@given(st.text())
def test_any_text_can_be_read(text):
    parts_of(text)
    parts_of(text, loose=True)


def test_figures_without_end_are_no_number():
    assert numbers("9" * 5000) == [None]
