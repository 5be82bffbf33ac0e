from dataclasses import fields

import pytest

from calls.core.agent_turns import (
    FIRST_AGENT_NUMBER,
    AgentTurn,
    AnswerTimes,
    MadeBy,
    Outcome,
    PlayedPart,
    as_if_cut_off,
    unheard,
)
from calls.core.numbering import NUMBERS_A_STREAM


def test_agent_turns_have_the_second_half_of_a_streams_numbers():
    assert FIRST_AGENT_NUMBER == NUMBERS_A_STREAM // 2 + 1


def test_the_log_line_says_the_floor_the_first_sound_and_the_total_without_a_word():
    turn = AgentTurn(5001, 0, 900, "שלום", times=AnswerTimes("expected", 410, 300, 12, 422))
    assert turn.latency_line() == "[LATENCY] answer=5001 rule=expected floor=410ms first=12ms total=422ms"


def test_what_has_no_anchor_is_not_available():
    assert "total=n/a" in AgentTurn(5001, 0, 0, "").latency_line()


def test_a_row_has_every_value_of_an_answer():
    values = {field.name for part in (AgentTurn, PlayedPart, AnswerTimes, MadeBy) for field in fields(part)}
    row = AgentTurn(5001, 0, 900, "שלום", heard=PlayedPart("של", 400)).as_row()
    assert {*row} - {"speaker"} == values - {"heard", "times", "made_by", "ms"} | {"played_text", "heard_ms"}
    assert (row["text"], row["played_text"], row["heard_ms"], row["speaker"]) == ("שלום", "של", 400, "agent")


def test_a_row_gives_the_answer_back():
    turn = AgentTurn(
        *(5001, 100, 900, "שלום", PlayedPart("של", 400, Outcome.RESUMED)),
        *(AnswerTimes("open", 1, -2, 3, 4), MadeBy("llm", "toy", 7, 9), 2, 3, "voice_slow", 5),
    )
    assert AgentTurn.of_row(turn.as_row()) == turn


@pytest.mark.parametrize(
    ("heard", "rest"),
    [("", "שלום, מה שלומך?"), ("שלום,", "מה שלומך?"), ("שלום, מה שלומך?", ""), ("אחרת", "שלום, מה שלומך?")],
)
def test_what_was_not_heard_is_what_follows_the_heard_words(heard, rest):
    assert unheard("שלום, מה שלומך?", heard) == rest


@pytest.mark.parametrize(
    ("times", "stages"),
    [
        (AnswerTimes("open", 1000, 200, 50, 1050, 400), {"floor": 1000, "responder": 0, "voice": 0, "sending": 50}),
        (AnswerTimes("open", 400, -700, 750, 1150, 10), {"floor": 400, "responder": 0, "voice": 700, "sending": 50}),
        (AnswerTimes("open", 400, -700, 700, 0, -450), {"floor": 400, "responder": 450, "voice": 250, "sending": 0}),
        (AnswerTimes("open", 400, -700, 750, 1150), {"floor": 400, "making": 700, "sending": 50}),
        (AnswerTimes("opening", None, -9, 9, None, -4), {"floor": 0, "responder": 4, "voice": 5, "sending": 0}),
        (AnswerTimes("opening"), {}),
    ],
)
def test_each_stage_has_its_part_of_the_wait_for_the_first_sound(times, stages):
    assert list(times.stages.items()) == list(stages.items())


def test_times_are_read_back_from_the_row_that_they_make():
    times = AnswerTimes("open", 400, -700, 750, 1150, -450)
    assert AnswerTimes.of_row(AgentTurn(5001, 0, 0, "", times=times).as_row()) == times


def test_an_answer_that_is_played_is_kept_as_if_it_was_cut_off():
    turn = AgentTurn(5001, 0, 900, "שלום", heard=PlayedPart("של", 400))
    assert as_if_cut_off(turn).heard == PlayedPart("של", 400, Outcome.INTERRUPTED)
