"""What a server keeps of its answers is held against what the simulated caller heard."""

from dataclasses import dataclass

import pytest

from calls.core.numbering import NUMBERS_A_STREAM
from calls.lab.call_report import CallReport
from calls.lab.heard_answers import acts_done_twice, faults_of
from calls.lab.played_audio import MarkEcho, MarkFate, PlayedAudio

SECOND = b"\x10" * 8000


@dataclass
class Answer:
    text: str = "שלום לך"
    played_text: str = "שלום לך"
    heard_ms: int = 2000
    outcome: str = "played"
    answers: int | None = 1
    number: int = 5001


def report(*fates, name="a1"):
    marks = [MarkEcho(f"{name}.1.{i}", fate, 8000 * i) for i, fate in enumerate(fates, 1)]
    heard = [PlayedAudio(8000 * (i - 1), SECOND, (mark.name,)) for i, mark in enumerate(marks, 1)]
    kept = CallReport("CA1", mark_fates=marks)
    kept.heard = [one for one, mark in zip(heard, marks, strict=True) if mark.fate is MarkFate.REACHED]
    return kept


WHOLE = (MarkFate.REACHED, MarkFate.REACHED)
CUT = (MarkFate.REACHED, MarkFate.DROPPED)


@pytest.mark.parametrize(
    ("fates", "answer"),
    [
        (WHOLE, Answer()),
        (CUT, Answer(played_text="שלום", heard_ms=1500, outcome="interrupted")),
        ((MarkFate.DROPPED,), Answer(played_text="", heard_ms=400, outcome="interrupted")),
    ],
)
def test_what_was_kept_as_it_was_heard_has_no_fault(fates, answer):
    assert faults_of(report(*fates), [answer]) == []


@pytest.mark.parametrize(
    ("fates", "answer", "fault"),
    [
        (WHOLE, Answer(played_text="שלום"), "heard whole by the caller"),
        (CUT, Answer(outcome="interrupted"), "kept as heard"),
        (CUT, Answer(played_text="שלום"), "kept as played"),
        (WHOLE, Answer(played_text="לך", outcome="interrupted"), "no beginning"),
        ((MarkFate.DROPPED,), Answer(played_text="שלום", outcome="interrupted"), "no mark of it"),
        (WHOLE, Answer(heard_ms=500), "500 ms heard"),
        (WHOLE, Answer(heard_ms=2600), "2600 ms heard"),
    ],
)
def test_what_was_kept_otherwise_is_named(fates, answer, fault):
    (said,) = faults_of(report(*fates), [answer])
    assert fault in said


def test_an_answer_without_a_row_and_a_turn_that_was_answered_twice_are_named():
    assert faults_of(report(*WHOLE), []) == ["the caller heard a1, which is no row"]
    both = report(*WHOLE)
    other = report(*WHOLE, name="a2")
    both.mark_fates += other.mark_fates
    both.heard += other.heard
    assert faults_of(both, [Answer(), Answer(number=5002)]) == ["turn 1 was answered twice"]


def test_values_that_were_saved_twice_and_refused_acts_are_named():
    @dataclass
    class Saved:
        number: int

    assert acts_done_twice([Saved(1), Saved(2)], ["silence_reprompt"]) == []
    assert acts_done_twice([Saved(1), Saved(NUMBERS_A_STREAM + 1)], []) == []  # of the call's next stream
    assert acts_done_twice([Saved(1), Saved(3)], []) == ["a value was saved twice"]
    assert acts_done_twice([], ["act_twice"]) == ["an act was to be done twice"]
