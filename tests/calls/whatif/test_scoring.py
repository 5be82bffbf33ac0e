"""How well a call was heard, counted in words."""

import pytest

from calls.whatif.scoring import PLACE_SLACK_MS, Score, ScoredTurn, TrueWord, score, word_errors


def test_words_are_counted_as_sequences():
    said = [TrueWord("כן", 0, 400), TrueWord("כן", 1000, 1400), TrueWord("לא", 2000, 2400)]
    turns = [ScoredTurn(0, 400, "כן", "כן"), ScoredTurn(1000, 1400, "קן", "כן"), ScoredTurn(4000, 4400, "", "לא")]
    assert score(said, turns) == Score(words=3, lost=0, added=0, misplaced=1, acted_wrong=2)
    assert score(said, turns[:1]) == Score(words=3, lost=2, added=0, misplaced=0, acted_wrong=2)
    assert score(said[:1], turns[:2]).added == 1


def test_everything_that_was_said_and_nothing_else_is_kept():
    assert Score(3, 0, 0, 1, 2).kept
    assert not Score(3, 1, 0, 0, 0).kept
    assert not Score(3, 0, 1, 0, 0).kept


def test_a_word_may_stand_a_little_outside_of_its_turn():
    turn = ScoredTurn(1000, 1400, "כן", "כן")
    inside, outside = (TrueWord("כן", at, at) for at in (1400 + PLACE_SLACK_MS, 1401 + PLACE_SLACK_MS))
    assert [score([word], [turn]).misplaced for word in (inside, outside)] == [0, 1]


def test_turns_are_scored_in_the_order_of_their_speech():
    said = [TrueWord("א", 0, 100), TrueWord("ב", 1000, 1100)]
    turns = [ScoredTurn(1000, 1100, "ב", "ב"), ScoredTurn(0, 100, "א", "א")]
    assert score(said, turns) == Score(2, 0, 0, 0, 0)


def test_shares_are_of_the_words_that_were_said():
    assert (Score(10, 0, 0, 1, 2).placed_share, Score(10, 0, 0, 1, 2).acted_wrong_share) == (0.9, 0.2)
    assert (Score(0, 0, 0, 0, 0).placed_share, Score(0, 0, 0, 0, 0).acted_wrong_share) == (1.0, 0.0)


def test_scores_of_calls_add_up():
    assert Score(1, 2, 3, 4, 5) + Score(10, 20, 30, 40, 50) == Score(11, 22, 33, 44, 55)


@pytest.mark.parametrize(
    ("truth", "heard", "errors"),
    [
        ("א ב ג", "א ב ג", 0),
        ("א ב ג", "א ג", 1),
        ("א ב", "א ד ב", 1),
        ("א ב", "א ד", 1),
        ("", "א ב", 2),
        ("א ב", "", 2),
    ],
)
def test_substituted_missing_and_added_words_are_errors(truth, heard, errors):
    assert word_errors(truth.split(), heard.split()) == errors
