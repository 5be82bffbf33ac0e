"""What a load's answers cost, and which runs say nothing of it."""

from dataclasses import replace
from types import SimpleNamespace

from calls.lab.answer_figures import ConversingFigures, MeasuredCall, answer_figures
from calls.lab.call_report import CallReport, Line
from calls.lab.conversing_caller import ConversingCaller
from calls.lab.load import FIRST_MS, Caller
from calls.lab.server_messages import INVALID, StreamFault
from calls.lab.simulator import SimulatedCall

CALL = SimulatedCall(Line("http://127.0.0.1:1", "https://voice.example.org", "token"), ())
STEADY = SimpleNamespace(at_s=100.0), SimpleNamespace(at_s=200.0)
DELAYS = {"counts": {"1": 98, "2.5": 2}}


def caller(kind=ConversingCaller, **changes):
    made = kind(CALL, CallReport("CA1"))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def answer(**changes):
    row = {"number": 5001, "answers": 1, "floor_ms": 1000, "first_audio_ms": 2, "prepared_ms": 300, "voice": "toy:he"}
    return SimpleNamespace(**row | {"code": ""} | changes)


def conversation(by=None, answers=None):
    # Frames left every 20 ms from 148.5 s on; the last voiced one is the 26th, at 149 s.
    by = by or caller(sent_s=[148.5 + i / 50 for i in range(200)], heard_s={1: 150.004})
    turn = SimpleNamespace(number=1, ended_ms=FIRST_MS + 26 * 20)
    return MeasuredCall(by, DELAYS, [turn], [answer()] if answers is None else answers)


def test_a_share_is_read_from_the_row_and_from_the_senders_clock():
    figures = answer_figures([conversation()], STEADY)
    assert (figures.by_rows_ms, [round(ms) for ms in figures.by_sender_ms]) == ([2.0], [4])
    assert (figures.not_ready, figures.voices, figures.problems) == (0, ["toy:he"], [])


def test_answers_outside_of_the_steady_part_and_unasked_ones_do_not_count():
    before = conversation(caller(sent_s=[0.0] * 200, heard_s={1: 99.0}))
    opening = conversation(answers=[answer(answers=None)])
    assert answer_figures([before, opening], STEADY).by_rows_ms == []


def test_frames_of_conversing_and_of_listening_calls_are_told_apart():
    listens = MeasuredCall(caller(Caller), {"counts": {"1": 100}}, [], [])
    figures = answer_figures([conversation(), listens], STEADY)
    assert (figures.conversing, figures.conversing_p99_ms) == (1, 2.5)
    assert (figures.listening, figures.listening_p99_ms) == (1, 1.0)
    assert "(+1.5 ms)" in figures.text()


def test_a_run_counts_only_when_each_answer_has_its_row_and_nothing_failed():
    def problems(*conversations):
        return [problem.split(":")[0] for problem in answer_figures(conversations, STEADY).problems]

    faulty = conversation()
    faulty.caller.report.faults.append(StreamFault(INVALID, "no JSON"))
    assert problems() == ["answers_missing"]
    assert problems(conversation(), conversation(answers=[])) == ["answers_missing"]
    assert problems(conversation(answers=[answer(code="voice_slow")])) == ["answers_failed"]
    assert problems(faulty) == ["stream_faults"]


def test_a_run_without_listening_calls_says_nothing_of_their_frames():
    figures: ConversingFigures = replace(answer_figures([conversation()], STEADY), by_sender_ms=[])
    assert "frame delay" not in figures.text() and "with it: -" in figures.text()


def test_an_interruption_is_measured_from_the_first_frame_of_what_is_said_over_the_answer():
    by = caller(sent_s=[148.5 + i / 50 for i in range(200)], heard_s={1: 150.004}, clears_s=[150.9])
    by.report.played.append(("one.wav", FIRST_MS + 2000, FIRST_MS + 3000))
    figures = answer_figures([conversation(by)], STEADY, 5.0)
    assert [round(ms) for ms in figures.clears_ms] == [400]
    assert "1 answers interrupted" in figures.text() and "p99 at most 5.0 ms" in figures.text()


def test_sound_behind_a_clear_spoils_a_run():
    by = caller(sent_s=[148.5 + i / 50 for i in range(200)], heard_s={1: 150.004}, marks_behind_clear=2)
    assert [one.split(":")[0] for one in answer_figures([conversation(by)], STEADY).problems] == ["sound_behind_clear"]


def test_a_false_start_is_no_failed_answer():
    assert answer_figures([conversation(answers=[answer(code="false_start")])], STEADY).problems == []
