"""What was said at a secret question is no part of the words of its call."""

from dataclasses import replace

import pytest

from calls.core.agent_turns import AgentTurn, PlayedPart
from calls.core.redaction import with_values, without
from calls.core.secret_words import MOST_TURNS, SecretWords
from calls.core.turns import Source, Turn

TURN = Turn(1, 0, 900, "הקוד שלי 1234 תודה", Source.EARLY)


@pytest.mark.parametrize(
    ("said", "values", "kept"),
    [
        ("הקוד 1234", ["1234"], "הקוד ••••"),
        ("12-34 בבקשה", ["1234"], "••-•• בבקשה"),
        ("אחת שתיים שלוש ארבע", ["1234"], "••• ••••• •••• ••••"),
        ("אפס אפס שבע", ["007"], "••• ••• •••"),
        ("12345 ו 123", ["1234"], "12345 ו 123"),
        ("שם אמי רחל", ["רחל"], "שם אמי •••"),
        ("רחלי", ["רחל"], "רחלי"),
        ("Swordfish", ["swordfish"], "•••••••••"),
        ("שלום", ["", "1234"], "שלום"),
        ("כן, 7 או 42", ["כן", "7", "42"], "כן, 7 או ••"),
    ],
)
def test_a_secret_is_masked_however_it_was_said(said, values, kept):
    assert without(said, values) == kept and len(kept) == len(said)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("הקוד 1234", "הקוד ••••"),
        ("הקוד 12", "הקוד ••"),
        ("הקוד אחת שתיים", "הקוד ••• •••••"),
        ("הקוד 1", "הקוד 1"),
        ("12 שקלים", "12 שקלים"),
        ("הקוד 13", "הקוד 13"),
        ("55 12", "55 ••"),
        ("123412", "123412"),
    ],
)
def test_words_as_they_are_spoken_do_not_begin_to_say_it(said, shown):
    secrets = SecretWords()
    assert secrets.hidden_partial(said) == said
    secrets.found("1234")
    assert secrets.hidden_partial(said) == shown


def test_turns_of_before_it_was_known_are_without_it_and_so_is_what_follows():
    secrets = SecretWords()
    answer = AgentTurn(5001, 0, 900, "אמרת 1234, נכון?", PlayedPart("אמרת 12", 400))
    assert secrets.hidden(TURN) is TURN and secrets.hidden_answer(answer) is answer
    assert secrets.hidden(replace(TURN, number=2, text="שלום")).text == "שלום"
    turns, answers = secrets.found("1234")
    assert (list(turns), list(answers)) == ([TURN], [answer])
    assert secrets.hidden(TURN.revised("הקוד שלי 1234")).heard_text == "הקוד שלי ••••"
    hidden = secrets.hidden_answer(answer)
    assert (hidden.text, hidden.heard.text) == ("אמרת ••••, נכון?", "אמרת ••")


def test_only_the_newest_turns_are_kept_for_it():
    secrets = SecretWords()
    for number in range(MOST_TURNS + 1):
        secrets.hidden(replace(TURN, number=number))
    turns, _answers = secrets.found("1234")
    assert [turn.number for turn in turns] == list(range(1, MOST_TURNS + 1))


def test_a_process_that_goes_on_reads_figures_where_they_were_masked():
    values = ["1234", "swordfish", "007"]
    assert with_values("הקוד ••-•• תודה", values) == "הקוד 1234 תודה"
    assert with_values("••••••••• ואז ••• ••• •••", values) == "••••••••• ואז 007"
    assert values == ["swordfish"]
