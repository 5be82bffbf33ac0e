"""What over an answer says "go on", and what says "stop"."""

import pytest

from calls.reply.interjections import holds_stop, only_backchannels
from stt.tuning import Tuning

TUNING = Tuning()


@pytest.mark.parametrize(
    "text",
    [
        "אהה",
        "אההההה",
        "אממ",
        "אמממ",
        "כן",
        "כן, כן.",
        "כן כן כן",
        "בסדר",
        "נכון, הבנתי",
        "אני מבינה",
        "אוקיי. טוב",
        "כֵּן",
    ],
)
def test_backchannels_are_known_drawn_out_repeated_pointed_and_one_after_the_other(text):
    assert only_backchannels(text, TUNING.backchannels)


@pytest.mark.parametrize("text", ["", "...", "כן אבל", "לא", "אני", "אני מבין שהחשבון שגוי", "טוב אז מה השעה", "רגע"])
def test_other_words_among_them_make_it_a_sentence(text):
    assert not only_backchannels(text, TUNING.backchannels)


def test_a_phrase_counts_only_whole():
    assert only_backchannels("אני מבין אני מבין", ["אני מבין"])
    assert not only_backchannels("אני מבין אני", ["אני מבין"])
    assert not only_backchannels("כן", [])


@pytest.mark.parametrize("text", ["רגע", "רגע רגע", "לא, חכה", "די!", "תן לי נציג", "רגעעע"])
def test_a_stop_is_found_anywhere_in_the_words(text):
    assert holds_stop(text, TUNING.stop_words)


@pytest.mark.parametrize("text", ["", "לאה", "כן", "מה הרגעים", "דירה"])
def test_a_word_that_only_holds_a_stops_letters_is_none(text):
    assert not holds_stop(text, TUNING.stop_words)


def test_a_stop_that_the_line_has_just_said_may_be_its_echo():
    assert not holds_stop("רגע", TUNING.stop_words, said="רק רגע, אני בודק.")
    assert holds_stop("רגע די", TUNING.stop_words, said="רק רגע, אני בודק.")
