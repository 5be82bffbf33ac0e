from calls.core.agent_turns import MadeBy, Outcome, PlayedPart
from calls.reply.answer_record import AnswerRecord


def test_the_times_add_up_from_the_last_voiced_frame():
    record = AnswerRecord(5001, "open", floor_ms=1000, taken_ms=5000, answers=3, withdrawals=1)
    record.sounded(5040, 7000)
    turn = record.turn("שלום לך", PlayedPart("שלום", 400), MadeBy("repeat", "toy"), 4500, 4700, "")
    times = turn.times
    assert (times.text_ms, times.prepared_ms, times.first_audio_ms, times.total_ms) == (500, 300, 40, 1040)
    assert (turn.started_ms, turn.ended_ms, turn.answers, turn.withdrawals) == (7000, 7400, 3, 1)


def test_nothing_has_a_total_without_a_voice_before_it():
    record = AnswerRecord(5001, "opening", floor_ms=None, taken_ms=0)
    record.sounded(10, 10)
    assert record.total_ms is None


def test_each_turn_is_the_next_revision():
    record = AnswerRecord(5001, "open", 1000, 0)
    parts = PlayedPart("", 0, Outcome.PLAYED), MadeBy(), None, None, ""
    assert [record.turn("א", *parts).revision for _ in range(3)] == [0, 1, 2]
