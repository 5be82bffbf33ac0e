"""A turn that is no more than what we said, given back."""

import pytest

from calls.core.own_words import MAX_PIECES, OwnWords, are_ours, in_order, without_ours
from calls.core.turns import Source, Turn

SAID = "שלום, הגעתם למרפאה. במה אפשר לעזור?"


def turn(text, started_ms=1200, ended_ms=2000, **how):
    return Turn(1, started_ms, ended_ms, text, Source.FINAL, **how)


def saying(words=SAID, from_ms=1000, to_ms=3000):
    own = OwnWords()
    own.said(from_ms, to_ms, words)
    return own


@pytest.mark.parametrize(
    ("text", "echo"),
    [
        ("הגעתם למרפאה במה אפשר", True),
        ("הגעתם למרפאה לא אפשר", True),  # three of four, in order
        ("למרפאה הגעתם", False),  # one of two in order
        ("אני רוצה לקבוע תור למרפאה", False),
        ("שָׁלוֹם", True),
        ("", False),
    ],
)
def test_words_that_are_ours_in_order_are_an_echo(text, echo):
    assert saying().marked(turn(text)).echo is echo


@pytest.mark.parametrize(
    ("started_ms", "ended_ms", "echo"),
    [
        (1200, 3600, True),
        (3400, 3600, True),
        (3750, 4000, False),  # later than an echo comes
        (3300, 4000, False),  # outlasts it
        (500, 2000, False),  # began before us
        (100, 700, False),
    ],
)
def test_only_while_we_speak_and_as_long_as_an_echo_lasts(started_ms, ended_ms, echo):
    assert saying().marked(turn("במה אפשר לעזור", started_ms, ended_ms)).echo is echo


def test_a_word_or_two_on_a_line_with_a_faint_echo_are_the_callers():
    own = saying()
    own.echo_is_faint = True
    assert not own.marked(turn("אפשר")).echo and not own.marked(turn("במה אפשר")).echo
    assert own.marked(turn("במה אפשר לעזור")).echo
    assert own.marked(turn("אפשר", vad_missed=True)).echo
    assert own.marked(turn("אפשר", 1200, 1400)).echo  # a spurt that passed for a voice


def test_our_words_are_taken_from_a_text_in_their_order():
    assert without_ours("כן במה אפשר לעזור", SAID) == "כן"
    assert without_ours("לעזור אפשר", SAID) == "אפשר"
    assert without_ours("מה השעה", SAID) == "מה השעה"
    assert without_ours("", SAID) == without_ours(SAID, SAID) == ""


def test_what_the_voice_detector_missed_may_have_any_times_beside_our_words():
    assert saying().marked(turn("במה אפשר לעזור", 2900, 4500, vad_missed=True)).echo
    assert not saying().marked(turn("במה אפשר לעזור", 4500, 4500, vad_missed=True)).echo


def test_the_pieces_of_an_answer_are_one_text():
    own = saying("שלום", 1000, 1500)
    own.said(1500, 2000, "הגעתם למרפאה")
    assert own.marked(turn("שלום הגעתם", 1200, 2100)).echo
    own = saying("שלום", 1000, 1500)
    own.said(1500, 1700, "שלום")
    assert len(own._pieces) == 1


def test_what_was_cleared_was_not_said():
    own = saying("שלום", 1000, 1500)
    own.said(1500, 2000, "הגעתם למרפאה")
    own.cleared(1400)
    assert not own.marked(turn("הגעתם למרפאה", 1600, 1800)).echo
    assert own.marked(turn("שלום", 1200, 1800)).echo
    assert not own.marked(turn("שלום", 1200, 2200)).echo


def test_a_revised_turn_keeps_or_loses_its_mark_by_its_words():
    own = saying()
    marked = own.marked(turn("במה אפשר"))
    revised = own.marked(marked.revised("אני רוצה לקבוע תור"))
    assert (marked.echo, revised.echo, own.marked(revised.revised("במה אפשר")).echo) == (True, False, True)


def test_a_turn_that_needs_no_mark_is_the_same():
    heard = turn("אני רוצה לקבוע תור")
    assert saying().marked(heard) is heard
    assert OwnWords().marked(heard) is heard


def test_it_remembers_some_minutes():
    own = OwnWords()
    for at in range(1000):
        own.said(at * 1000, at * 1000 + 900, f"משפט {at}")
    assert len(own._pieces) == MAX_PIECES


def test_words_in_order():
    assert in_order("א ב ג".split(), "ב א ג".split()) == 2
    assert in_order([], ["א"]) == 0


def test_words_are_ours_where_most_of_them_are():
    assert are_ours("במה אפשר", SAID) and not are_ours("במה אשלם בבקשה", SAID)
    assert not are_ours("", SAID) and not are_ours("במה", "")
