"""Where the time of a turn went."""

from calls.core.agent_turns import AnswerTimes
from calls.desk.review.turn_times import TurnTimes


def times(**values):
    common = {"spoken_ms": 2400, "partial_ms": 600, "final_ms": 700, "source": "final", "end_reason": "silence"}
    return TurnTimes(**{**common, "hangover_ms": 220, **values})


def told(one):
    return [(part.name, part.ms, part.party.value) for part in one.parts]


def test_a_final_is_waited_for_after_the_hangover():
    assert told(times()) == [("speech", 1000, "caller"), ("hangover", 220, "us"), ("final", 480, "engine")]


def test_an_early_turn_has_waited_for_the_hangover_alone():
    assert told(times(source="early", final_ms=220)) == [("speech", 1000, "caller"), ("hangover", 220, "us")]


def test_the_answers_stages_follow_the_words():
    answer = AnswerTimes(floor_rule="open", floor_ms=1000, prepared_ms=-350, text_ms=-200, first_audio_ms=400)
    after = [("floor", 300, "us"), ("responder", 200, "us"), ("voice", 150, "us"), ("sending", 50, "us")]
    assert told(times(answer=answer))[3:] == after
    assert sum(part.ms for part in times(answer=answer).parts) == 1000 + 1400


def test_an_answer_that_nobodys_words_have_called_for_is_not_the_turns():
    assert told(times(answer=AnswerTimes(floor_rule="silence", floor_ms=7000, first_audio_ms=50))) == told(times())


def test_what_was_not_measured_is_no_part():
    assert told(times(final_ms=None, hangover_ms=None)) == [("speech", 1000, "caller")]
    assert [part.name for part in times(hangover_ms=None).parts] == ["speech", "final"]
    assert [part.name for part in times(end_reason="hangup").parts] == ["speech", "final"]


def test_the_first_partial_stands_where_it_came():
    assert times(partial_ms=2000).partial_at_ms == 600
    assert times(partial_ms=2600).partial_at_ms == 1200
    assert times(partial_ms=600).partial_at_ms is None
    assert times(partial_ms=None).partial_at_ms is None
