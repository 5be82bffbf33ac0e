"""What is stored of a call, and what is shown while it runs."""

from dataclasses import replace

import pytest

from calls.core.agent_turns import AgentTurn, PlayedPart
from calls.core.kept_words import EVERYTHING, Keeps
from calls.core.turns import Source, Turn
from stt.events import Final, Interim, OneShotDone, StreamOpened, Word

TURN = Turn(1, 100, 900, "אני 123456782", Source.FINAL, revised_text="אני 123456782 כן", final_ms=300)
ANSWER = AgentTurn(5001, 1000, 2000, "רשמתי 123456782, תודה", PlayedPart("רשמתי 1234", 400))


def test_words_that_are_not_kept_are_shown_and_the_rest_of_the_turn_stays():
    keeps = Keeps(words=False)
    assert keeps.stored(TURN) == replace(TURN, text="", revised_text=None)
    assert keeps.shown(TURN).heard_text == "אני ••••••••• כן"
    stored = keeps.stored_answer(ANSWER)
    assert (stored.text, stored.heard.text, stored.heard.ms) == ("", "", 400)


def test_what_is_masked_is_masked_in_rows_and_on_the_wall():
    keeps = Keeps()
    assert (
        keeps.stored(TURN) == keeps.shown(TURN) == replace(TURN, text="אני •••••••••", revised_text="אני ••••••••• כן")
    )
    masked = keeps.stored_answer(ANSWER)
    assert (masked.text, masked.heard.text) == ("רשמתי •••••••••, תודה", "רשמתי ••••")
    assert keeps.shown_partial("123456782") == "•••••••••"


def test_what_was_heard_of_an_answer_that_is_not_its_beginning_is_masked_by_itself():
    turn = replace(ANSWER, heard=PlayedPart("מצטערים 123456782", 400))
    assert Keeps().shown_answer(turn).heard.text == "מצטערים •••••••••"


def test_a_line_that_masks_nothing_keeps_it_as_it_was_said():
    assert EVERYTHING.stored(TURN) is TURN and EVERYTHING.stored_answer(ANSWER) is ANSWER
    assert EVERYTHING.shown_partial("123456782") == "123456782"


@pytest.mark.parametrize(
    ("event", "traced"),
    [
        (Interim(("זה", "12345678"), 900), Interim(("זה", "••••••••"), 900)),
        (OneShotDone(1, ("123456782",)), OneShotDone(1, ("•••••••••",))),
        (
            Final((Word("זה", 0, 90), Word("1234", 100, 200), Word("56782", 200, 300)), 300),
            Final((Word("זה", 0, 90), Word("••••", 100, 200), Word("•••••", 200, 300)), 300),
        ),
        (StreamOpened(0, 1), StreamOpened(0, 1)),
    ],
)
def test_a_trace_has_the_words_masked_at_their_times(event, traced):
    assert Keeps().traced(event) == traced
    assert EVERYTHING.traced(event) is event


def test_it_says_what_is_missing_and_is_read_back_from_a_record():
    assert Keeps().codes == [] and Keeps().anything
    assert Keeps(recordings=False, words=False).codes == ["not_recorded", "words_not_kept"]
    assert not Keeps(recordings=False, words=False).anything
    assert Keeps.from_mapping({"words": False, "later": True}) == Keeps(words=False)
