"""Each fault of the normalizer that the table puts right is still one, and is put right."""

import pytest
from heb_tts_normalizer import normalize

from calls.reply.corrections import corrected, joined_prefixes, pointed
from calls.reply.speakable import GENDERS, speakable

FAULTS = (
    "ב-1.1.2027", "ב-3.12", "קוד 4-8-2-1", "מספר הזמנה 48213", "יש לנו 3 לקוחות", "3:2", "-120 ₪", "½ שעה",
    "9:00-17:00", "info@example.co.il", "2.5 שעות", "יום א'", "120-150 ₪", "3 יְלָדִים", "24/7",
)  # fmt: skip


@pytest.mark.parametrize("phrase", FAULTS)
def test_the_normalizer_alone_reads_it_otherwise(phrase):
    """A new version that reads it rightly makes its row needless: then take the row away."""
    assert normalize(phrase) != speakable(phrase)


def test_what_needs_no_correction_is_left_to_the_normalizer():
    for text in ("120 ₪", "49.90 ₪", "14:30", "15.3.2026", "3 ילדים", "12.5%", '5 ק"ג', "שנת 2026", "1,234,567"):
        assert corrected(text) == text


def test_a_number_with_a_unit_is_no_code_and_no_date():
    for text in ("קוד 20%", "הזמנה 1200 ₪", "ב-3.12 אחוזים", "הזמנה 3 ימים"):
        assert corrected(text) == text


def test_words_with_points_are_found():
    assert corrected("תְּעוּדַת זֶהוּת 123456782").endswith("שבע שמונה שתיים")
    assert pointed("ab") == "ab"


def test_a_prefix_is_said_with_its_word():
    assert joined_prefixes("ב-אחת ול-שתיים בית-ספר") == "באחת ולשתיים בית-ספר"


def test_genders_are_those_that_the_normalizer_has_wrong():
    for noun in GENDERS:
        assert normalize(f"3 {noun}") != speakable(f"3 {noun}")
