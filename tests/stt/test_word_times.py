"""The words of a result with the times of its word list."""

import pytest

from stt.events import Word
from stt.word_times import timed_words, with_times_guessed


def listed(*entries):
    return [Word(text, start_ms, end_ms) for text, start_ms, end_ms in entries]


ONE, TWO, THREE = ("אחת", 0, 300), ("שתיים", 300, 700), ("שלוש", 800, 1000)


@pytest.mark.parametrize(
    ("transcript", "entries", "words"),
    [
        ("אחת שתיים שלוש", [ONE, TWO, THREE], [ONE, TWO, THREE]),
        ("אחת שתיים שלוש", [ONE], [ONE, ("שתיים", None, None), ("שלוש", None, None)]),
        ("אחת שתיים שלוש", [ONE, THREE], [ONE, ("שתיים", None, None), THREE]),
        ("אחת שתיים שלוש", [THREE], [("אחת", None, None), ("שתיים", None, None), THREE]),
        ("אחת שתיים", [], [("אחת", None, None), ("שתיים", None, None)]),
        ("", [ONE, TWO], [ONE, TWO]),
        # What only the list has was heard as well.
        ("אחת שלוש", [ONE, TWO, THREE], [ONE, TWO, THREE]),
        # Punctuation is the transcript's.
        ("אחת, שתיים.", [ONE, TWO], [("אחת,", 0, 300), ("שתיים.", 300, 700)]),
        # Words written otherwise, as many or fewer; one entry for two words says nothing of their times.
        ("1 2 שלוש", [ONE, TWO, THREE], [("1", 0, 300), ("2", 300, 700), THREE]),
        ("12 שלוש", [ONE, TWO, THREE], [("12", 0, 700), THREE]),
        ("1 2 3 שלוש", [ONE, THREE], [("1", None, None), ("2", None, None), ("3", None, None), THREE]),
        # A phrase hint comes back as one entry.
        ("אבגד הו שלוש", [("אבגד הו", 0, 600), THREE], [("אבגד", 0, 400), ("הו", 400, 600), THREE]),
        ("", [("אבגד הו", 0, None)], [("אבגד", 0, None), ("הו", 0, None)]),
        ("", [(" ", 0, 100), ONE], [ONE]),
    ],
)
def test_no_word_is_lost_and_no_known_time(transcript, entries, words):
    assert timed_words(transcript.split(), listed(*entries)) == listed(*words)


@pytest.mark.parametrize(
    ("words", "end_ms", "guessed"),
    [
        ([("אב", 0, 160), ("גד", None, None), ("הו", 320, 480)], None, [(0, 160), (160, 320), (320, 480)]),
        ([("אב", 0, 160), ("גד", None, None), ("הו", None, None)], 480, [(0, 160), (160, 320), (320, 480)]),
        ([("אב", 0, 160), ("גד", None, None)], None, [(0, 160), (160, 320)]),
        ([("אב", None, None), ("גד", 1000, 1160)], None, [(680, 1000), (1000, 1160)]),
        # A pause lies in the gap: the word was spoken at the end of it.
        ([("אב", 0, 160), ("גד", None, None), ("הו", 5000, 5160)], None, [(0, 160), (4680, 5000), (5000, 5160)]),
        # Times that go back.
        ([("אב", 500, 900), ("גד", None, None), ("הו", 800, 960)], None, [(500, 900), (900, 900), (800, 960)]),
    ],
)
def test_a_time_that_is_not_known_is_guessed_between_its_neighbours(words, end_ms, guessed):
    timed = with_times_guessed(listed(*words), end_ms)
    assert [(word.start_ms, word.end_ms) for word in timed] == guessed
    assert [word.text for word in timed] == [text for text, _, _ in words]
