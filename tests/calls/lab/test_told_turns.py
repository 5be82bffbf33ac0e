"""What the demo prints of a call while it runs."""

import pytest

from calls.lab.told_turns import ToldTurns


def turn(text, revision=0, key="c1", call="CA1"):
    told = {"kind": "turn", "call": call, "key": key, "number": 1, "text": text, "revision": revision}
    return {**told, "source": "final", "partial_ms": 700, "final_ms": None}


def answer(*, playing):
    told = {"kind": "answer", "call": "CA1", "key": "a1", "text": "שלום", "playing": playing, "floor_rule": "opening"}
    return {**told, "floor_ms": None, "first_audio_ms": 300, "total_ms": None}


FIRST = "1. תספורת   [LATENCY] final: partial 700 ms, final n/a, emulated"


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_a_turn_that_was_not_told_of_before_is_no_revision(revision):
    assert ToldTurns(shows_partials=False).line_of(turn("תספורת", revision)) == FIRST


def test_the_same_turn_of_another_call_or_of_another_stream_is_told_of_too():
    told = ToldTurns(shows_partials=False)
    told.line_of(turn("תספורת"))
    assert told.line_of(turn("תספורת", 1, call="CA2")) == FIRST
    assert told.line_of(turn("תספורת", 1, key="c2")) == FIRST


def test_other_words_are_a_revision_and_the_same_ones_are_not_told_again():
    told = ToldTurns(shows_partials=False)
    lines = [told.line_of(turn(text, n)) for n, text in enumerate(["", "תספורת", "תספורת", "תספורת גברים"])]
    assert lines[1:] == ["1. תספורת   (revised)", None, "1. תספורת גברים   (revised)"]


def test_partials_are_told_where_they_are_asked_for():
    update = {"kind": "partial", "call": "CA1", "text": "תס"}
    assert ToldTurns(shows_partials=True).line_of(update) == "… תס"
    assert ToldTurns(shows_partials=False).line_of(update) is None


def test_an_answer_is_told_of_when_it_is_over():
    told = ToldTurns(shows_partials=False)
    assert told.line_of(answer(playing=True)) is None
    line = "◀ שלום   [LATENCY] opening: floor n/a, first 300 ms, total n/a, emulated"
    assert told.line_of(answer(playing=False)) == line


def test_another_kind_of_update_is_not_printed():
    assert ToldTurns(shows_partials=True).line_of({"kind": "value", "call": "CA1", "key": "name"}) is None
