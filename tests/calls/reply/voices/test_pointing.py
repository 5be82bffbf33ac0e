"""Which words can be said as they stand, and which need vowel points first."""

import pytest

from calls.reply.voices import pointing
from calls.reply.voices.pieces import POINTS, without_points
from calls.reply.voices.pointing import pointed, unpointed_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("שָׁלוֹם, מַה שְׁלוֹמְךָ?", []),
        ("שָׁלוֹם לכולם", ["לכולם"]),
        ("שלום שלום, להתראות.", ["שלום", "להתראות"]),
        ("", []),
        ("12:30, 5%", []),
        ('בְּרוּכִים הַבָּאִים ל־WhatsApp של צה"ל', ["ל", "WhatsApp", "של", 'צה"ל']),
        ("בֵּית־ספר", ["ספר"]),
        ("צָ'ק צ'ק", ["צ'ק"]),
        ("סנטימטר_אחד", []),
    ],
)
def test_words_without_points_are_named_once_and_in_order(text, words):
    assert unpointed_words(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "מאתיים וחמישים שקלים",
        "ארבעים ותשעה שקלים ותשעים אגורות",
        "שלושה עשר ימים",
        "בשעה שתיים וחצי אחר הצהריים",
        "חמישה עשר במרץ אלפיים עשרים ושש",
        "אפס חמש אפס אחת שתיים שלוש ארבע חמש שש שבע",
        "עשרה אחוזים",
        "חמישה קילומטרים",
        "אחת נקודה חמש",
        "מינוס שבע עשרה מעלות",
        "יום שני, השלישי באוקטובר",
    ],
)
def test_what_the_normaliser_writes_can_be_said(text):
    assert unpointed_words(text) == []
    assert without_points(pointed(text)) == text


def test_a_number_of_two_words_is_read_otherwise_than_its_words_alone():
    assert pointed("שמונה עשרה") != f"{pointed('שמונה')} {pointed('עשרה')}"
    assert pointed("שמונה עשר").split()[0] != pointed("שמונה")
    assert pointed("ושמונה עשר") == f"וְ{pointed('שמונה עשר')}"
    assert pointed("עשר שעות").split()[0] == pointed("עשר")


def test_what_is_pointed_is_left_as_it_is():
    assert pointed("שְׁנֵי הַשְׁנִי") == "שְׁנֵי הַשְׁנִי"


def test_a_prefix_is_known_before_known_words_only():
    assert pointed("ומחר") == "ומחר"
    assert pointed("ושבע") == "וְ" + pointed("שבע")


def test_every_known_word_is_pointed_and_stands_once():
    words = pointing.KNOWN_WORDS.read_text("utf-8").replace("_", " ").split("\n")
    every = [word for line in words for word in line.split() if word]
    assert all(POINTS.search(word) for word in every)
    listed = pointing.KNOWN_WORDS.read_text("utf-8").split()
    assert len(listed) == len({without_points(word) for word in listed})
