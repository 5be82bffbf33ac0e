"""What vendors' words have in common."""

import pytest
from msgspec import ValidationError, json

from stt.engines.base import RecognitionOptions
from stt.engines.vendor_words import Seconds, as_asked, fitting, language, ms
from stt.events import Word


@pytest.mark.parametrize(("asked", "code"), [("iw-IL", "he"), ("he-IL", "he"), ("he", "he"), ("en-US", "en")])
def test_hebrew_has_its_newer_code(asked, code):
    assert language(RecognitionOptions(language=asked)) == code


def test_punctuation_that_nobody_asked_for_is_left_out():
    words = [Word("שלום,", 0, 100), Word("?"), Word("49.90", 100, 200)]
    assert list(as_asked(words, RecognitionOptions())) == [Word("שלום", 0, 100), Word("49.90", 100, 200)]
    assert list(as_asked(words, RecognitionOptions(punctuation=True))) == words


def test_the_first_hints_that_fit_are_taken():
    assert fitting(["אב", "גד", "ה"], 4, len) == ["אב", "גד"]
    assert fitting(["אבגדה", "ו"], 4, len) == []


def test_seconds_become_ms():
    assert (ms(1.2345), ms(None)) == (1234, None)


@pytest.mark.parametrize("number", ["-1", "1e300", '"1"'])
def test_a_time_that_is_none_is_malformed(number):
    with pytest.raises(ValidationError):
        json.decode(number, type=Seconds)
