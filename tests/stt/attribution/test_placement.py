"""Whose each word of a segment is: by its time, by the turn that took it, by when it was first heard."""

import pytest

from stt.attribution.alignment import Entry
from stt.attribution.placement import Placement
from stt.attribution.segments import Segment, Segments


class Call:
    """Utterances 1, 2, … at these times, and segments of words."""

    def __init__(self, *utterances):
        self.segments = Segments()
        self.placement = Placement(self.segments, 1)
        for start_ms, end_ms in utterances:
            number = self.placement.began(start_ms).number
            if end_ms is not None:
                self.placement.ended(number, end_ms)

    def segment(self, *entries, settled=True):
        one = Segment(0, 0, list(entries))
        if settled:
            one.settle()
        self.segments.add(one)
        return one

    def owners(self, *entries):
        return self.placement.owners(self.segment(*entries))


def timed(text, start_ms, end_ms, seen_ms=9000):
    return Entry(text, seen_ms, 0, None, start_ms, end_ms)


def untimed(text, seen_ms, owner=None):
    return Entry(text, seen_ms, 0, owner)


TWO = (1000, 2000), (2500, 3500)


@pytest.mark.parametrize(
    ("seen_ms", "owner"), [(1500, 1), (2400, 1), (2500 + 119, 1), (2500 + 120, 2), (9000, 2), (1000, 1), (999, None)]
)
def test_a_word_without_a_time_is_of_the_last_utterance_begun_before_it_was_heard(seen_ms, owner):
    assert Call(*TWO).owners(untimed("a", seen_ms)) == [owner]


def test_a_word_is_of_the_utterance_that_holds_its_time_whenever_it_was_heard():
    assert Call(*TWO).owners(timed("a", 1200, 1500), timed("b", 2600, 2900)) == [1, 2]


def test_a_word_that_a_turn_took_stays_its_own():
    assert Call(*TWO).owners(untimed("a", 9000, owner=1), untimed("b", 9000)) == [1, 2]


def test_a_time_outweighs_the_turn_that_took_the_word():
    taken = Entry("a", 9000, 0, 1, 2600, 2900)
    assert Call(*TWO).owners(taken) == [2]


def test_a_word_before_a_timed_one_is_no_later_than_it():
    assert Call(*TWO).owners(untimed("a", 9000, owner=2), timed("b", 1200, 1500)) == [1, 1]


def test_a_word_behind_a_timed_one_is_no_earlier_than_it():
    assert Call(*TWO).owners(timed("a", 2600, 2900), untimed("b", 9000, owner=1)) == [2, 2]


def test_a_taken_words_utterance_that_was_forgotten_is_no_evidence():
    assert Call(*TWO).owners(untimed("a", 9000, owner=77)) == [2]


def test_an_utterance_that_begins_takes_the_words_that_are_in_it():
    call = Call((1000, None))
    segment = call.segment(untimed("a", 1500), untimed("b", 3000), settled=False)
    assert call.placement.owners(segment) == [1, 1]
    call.placement.ended(1, 2000)
    call.placement.began(2500)
    assert call.placement.owners(segment) == [1, 2]


def test_an_utterance_never_ends_before_it_began():
    call = Call((1000, 500))
    assert call.placement.spans[1].end_ms == 1000


def test_settled_words_without_a_time_stay_when_a_later_utterance_begins():
    call = Call((1000, 2000))
    segment = call.segment(untimed("a", 9000), timed("b", 2600, 2900))
    call.placement.hold_untimed(segment)
    call.placement.began(2500)
    assert call.placement.owners(segment) == [1, 2]


def test_a_turn_takes_its_words_of_the_moment():
    call = Call((1000, 2000))
    segment = call.segment(untimed("a", 9000), settled=False)
    call.placement.take(1)
    call.placement.began(2500)
    assert call.placement.owners(segment) == [1]


def test_words_that_no_utterance_holds_become_one_for_each_gap():
    call = Call((5000, 6000))
    segment = call.segment(
        timed("a", 1000, 1300), timed("b", 1400, 1800), timed("c", 5100, 5400), timed("d", 8000, 8200)
    )
    first, last = call.placement.add_missed(segment)
    assert [(span.start_ms, span.end_ms, span.vad_missed) for span in (first, last)] == [
        (1000, 1800, True),
        (8000, 8200, True),
    ]
    assert call.placement.owners(segment) == [first.number, first.number, 1, last.number]
    assert call.placement.add_missed(segment) == []


def test_missed_words_without_times_are_since_the_segment_began():
    call = Call()
    segment = Segment(0, 400, [untimed("a", 900), untimed("b", 1200)])
    call.segments.add(segment)
    (span,) = call.placement.add_missed(segment)
    assert (span.start_ms, span.end_ms) == (400, 1200)


def test_the_words_of_an_utterance_can_be_of_several_segments():
    call = Call(*TWO)
    one, two = call.segment(untimed("a", 1500)), call.segment(untimed("b", 1900), untimed("c", 3000))
    words = [(segment, [entry.text for entry in mine]) for segment, mine in call.placement.words_of(1)]
    assert words == [(one, ["a"]), (two, ["b"])]
    assert call.placement.numbers_of([one, two]) == {1, 2}


def test_an_utterance_is_touched_when_its_words_change_and_once():
    call = Call(*TWO)
    assert call.placement.take_touched() == {1, 2}
    segment = call.segment(untimed("a", 3000))
    assert call.placement.take_touched() == {2}
    assert call.placement.take_touched() == set()
    segment.entries = [untimed("a", 1500)]
    call.placement.changed(segment)
    assert call.placement.take_touched() == {1, 2}
