"""The utterances whose turns are not handed on yet."""

from calls.core.actions import Partial
from calls.core.turns import Source, Turn
from tests.calls.core.parts import Parts


def accept(utterance, text="שלום"):
    utterance.accept(Turn(utterance.number, utterance.start_ms, utterance.ending.end_ms, text, Source.FINAL))


def test_the_one_that_is_spoken_ends():
    parts = Parts()
    utterance = parts.utter(500, 1100)
    assert parts.utterances.waiting() == [utterance]
    assert (utterance.ending.end_ms, parts.utterances.speech_ms) == (1100, 600)


def test_an_end_without_a_beginning_is_none():
    parts = Parts()
    parts.utter(500, 1100)
    (before,) = parts.utterances.waiting()
    parts.utterances.ended(before.ending, 9000.0)
    assert (parts.utterances.speech_ms, before.deadline_ms) == (600, 1550)


def test_partials_are_the_words_so_far_of_those_without_a_turn():
    parts = Parts()
    utterance = parts.utter(500, 1100)
    assert parts.says("שלום", 1100) == [Partial(1, "שלום")]
    accept(utterance)
    assert parts.says("שלום לך", 1200) == []


def test_a_stream_that_fails_leaves_those_that_depend_on_it_to_the_one_shot_recogniser():
    parts = Parts()
    asked, waits = parts.utter(500, 1100), parts.utter(2000, 2600)
    asked.ask(9000.0)
    parts.begin(4000)
    parts.utterances.stream_failed()
    spoken = parts.utterances.numbered(3)
    assert (asked.needs_one_shot, waits.needs_one_shot, spoken.needs_one_shot) == (False, True, True)


def test_a_stream_that_is_cut_short_leaves_what_it_has_not_covered():
    parts = Parts()
    covered, uncovered, behind = parts.utter(500, 1100), parts.utter(2000, 2600), parts.utter(4000, 4600)
    parts.says("שלום", 1100)
    parts.utterances.stream_cut_short(3000)
    assert [one.needs_one_shot for one in (covered, uncovered, behind)] == [False, True, False]


def test_what_begins_on_the_edge_of_a_failed_stream_needs_the_one_shot_recogniser():
    parts = Parts()
    parts.coverage.stream_failed(500)
    assert parts.utter(600, 1100).needs_one_shot
    assert not parts.utter(2000, 2600).needs_one_shot


def test_those_whose_final_is_missing_need_the_one_shot_recogniser():
    parts = Parts()
    first, second = parts.utter(500, 1100), parts.utter(2000, 2600)
    parts.utterances.final_is_missing({second.number})
    assert (first.needs_one_shot, second.needs_one_shot) == (False, True)


def test_one_that_waits_holds_the_next_turn_back():
    parts = Parts()
    first, second = parts.utter(500, 1100), parts.utter(2000, 2600)
    accept(second)
    assert parts.utterances.take_decided() == []
    accept(first)
    assert [turn.number for _, turn in parts.utterances.take_decided()] == [1, 2]
    assert parts.utterances.all_handed_on
    assert (parts.utterances.last_number, parts.utterances.begin_ms) == (None, None)


def test_a_turn_that_is_held_back_takes_the_words_that_have_settled():
    parts = Parts()
    parts.utter(500, 1100)
    held = parts.utter(2000, 2600)
    accept(held, "שני")
    parts.settles("ראשון", 1100)
    parts.settles("שניים", 2600)
    parts.utterances.reword()
    assert held.turn.text == "שניים"


def test_time_decides_first_of_the_one_that_waits_the_shortest():
    parts = Parts()
    assert parts.utterances.next_deadline_ms() is None
    first, second = parts.utter(500, 1100), parts.utter(2000, 2600)
    assert parts.utterances.next_deadline_ms() == first.deadline_ms
    accept(first)
    assert parts.utterances.next_deadline_ms() == second.deadline_ms
