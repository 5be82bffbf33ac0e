"""A segment keeps its words through every revision, and knows when it is over."""

import pytest

from stt.attribution.alignment import Entry
from stt.attribution.segments import Segment, Segments
from stt.events import Word


def segment(text, seen_ms=1000, *, stream=0, from_ms=0):
    """A segment with one hypothesis."""
    one = Segment(stream, from_ms)
    one.revise(text.split(), seen_ms=seen_ms)
    one.newest_ms = seen_ms
    return one


def settled(text, seen_ms=1000, *, stream=0, times=()):
    one = segment(text, seen_ms, stream=stream)
    for entry, (start_ms, end_ms) in zip(one.entries, times, strict=False):
        entry.start_ms, entry.end_ms = start_ms, end_ms
    one.settle()
    return one


def in_a_call(*segments):
    call = Segments()
    for one in segments:
        call.add(one)
    return call


def test_a_word_keeps_the_time_at_which_it_was_first_heard():
    one = segment("a b", 1000)
    one.revise(["a", "b", "c"], seen_ms=1500)
    assert [(entry.text, entry.seen_ms, entry.lacked_ms) for entry in one.entries] == [
        ("a", 1000, 0),
        ("b", 1000, 0),
        ("c", 1500, 1000),
    ]


def test_a_word_of_an_older_result_lacked_nothing_that_came_later():
    one = segment("a", 1500)
    one.revise(["a", "b"], seen_ms=1200)
    assert one.entries[1] == Entry("b", 1200, 1200)


def test_a_revision_returns_the_words_behind_the_last_one_that_it_kept():
    one = segment("a b c d", 2000)
    assert [entry.text for entry in one.revise(["a", "b"], seen_ms=2100)] == ["c", "d"]


def test_dropped_words_come_back_with_what_was_known_of_them():
    one = segment("", 0, from_ms=3000)
    one.dropped = [Entry("שלום", 1000, 500, owner=7)]
    one.revise(["שלום", "לך"], seen_ms=3500)
    assert [(entry.text, entry.owner) for entry in one.entries] == [("שלום", 7), ("לך", None)]
    assert one.dropped == []


@pytest.mark.parametrize(
    ("before", "words", "after_ms", "ended"),
    [
        ("שלום לכם", "אפשר מחר", 400, True),
        ("שלום לכם", "אפשר מחר", 399, False),
        ("שלום לכם", "שלום לכם חברים", 3000, False),
        # A single word may only have been misheard.
        ("כן", "אפשר מחר", 1199, False),
        ("כן", "אפשר מחר", 1200, True),
        ("", "אפשר מחר", 3000, False),
    ],
)
def test_new_words_after_a_pause_end_a_segment(before, words, after_ms, ended):
    assert segment(before, 1000).is_ended_by(words.split(), 1000 + after_ms) is ended


def test_after_a_final_without_words_a_segment_goes_on_only_with_its_own():
    one = segment("שלום לכם")
    assert one.goes_on_with(["אפשר", "מחר"])
    one.withheld = True
    assert not one.goes_on_with(["אפשר", "מחר"])
    assert one.goes_on_with(["שלום", "לכם", "חברים"])


def test_a_hypothesis_that_no_final_settled_does_not_stand_beside_a_one_shot():
    one = settled("a")
    assert one.stands_beside(("b",))
    one.provisional = True
    assert not one.stands_beside(("b",))
    assert one.stands_beside(())
    assert not segment("a").stands_beside(())


@pytest.mark.parametrize(
    ("times", "stream", "misheard"),
    [
        ([(200, 400), (500, 700)], 0, True),
        ([(200, 400), (1500, 1700)], 0, False),
        ([(200, 400), (500, 700)], 1, False),
        ([], 0, False),
    ],
)
def test_a_hypothesis_is_misheard_when_a_final_says_as_many_words_at_its_time(times, stream, misheard):
    one = segment("a b", 1000)
    assert not one.is_misheard(settled("c d", 2000, times=times, stream=stream))
    one.provisional = True
    assert one.is_misheard(settled("c d", 2000, times=times, stream=stream)) is misheard


def test_a_settled_segment_reaches_as_far_as_its_last_word():
    assert settled("a", 1000).reaches(1000)
    assert not settled("a", 1000).reaches(1001)
    assert segment("a", 1000).reaches(5000)


def test_the_same_word_at_the_same_time_is_held_already():
    call = in_a_call(settled("a", 2000, times=[(1500, 1900)]), segment("b", 2500))
    assert call.hold(Word("a.", 1550, 1950))
    assert not call.hold(Word("a", 1900, 2200))
    assert not call.hold(Word("b", 1500, 1900))
    assert not call.hold(Word("a"))


def test_a_word_is_not_looked_for_farther_back_than_its_time_can_lie():
    old, later = settled("a", 9000, times=[(8000, 8400)]), settled("b", 1000, times=[(600, 900)])
    assert in_a_call(later, old).hold(Word("a", 8000, 8400))
    assert not in_a_call(old, later).hold(Word("a", 8000, 8400))


def test_a_result_is_said_again_only_by_its_own_stream_and_when_settled():
    call = in_a_call(settled("a b", stream=1), segment("c", stream=1))
    assert call.have_settled(1, ("a", "b"))
    assert not call.have_settled(0, ("a", "b"))
    assert not call.have_settled(1, ("a",))
    assert not call.have_settled(1, ("c",))


def test_what_is_not_kept_is_forgotten():
    call = in_a_call(segment("a", stream=2), segment("b", stream=5))
    assert call.oldest_stream == 2
    call.keep([one for one in call if one.stream == 5])
    assert (len(call), call.oldest_stream) == (1, 5)
    call.keep([])
    assert (len(call), call.oldest_stream) == (0, 0)
