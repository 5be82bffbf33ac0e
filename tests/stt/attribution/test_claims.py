"""What a one-shot heard takes its place among its neighbours' words."""

import pytest

from stt.attribution.alignment import Entry
from stt.attribution.claims import UNBOUND_MS, OneShotClaims
from stt.attribution.placement import Placement
from stt.attribution.segments import Segment, Segments


class Call:
    """Utterances 1, 2, … at these times."""

    def __init__(self, *utterances):
        self.segments = Segments()
        self.placement = Placement(self.segments, 1)
        self.claims = OneShotClaims(self.segments, self.placement)
        for start_ms, end_ms in utterances:
            self.placement.began(start_ms, end_ms)

    def settled(self, *words, provisional=False, from_ms=0):
        """A settled segment of (text, when first heard) or of (text, start, end)."""
        entries = []
        for text, *times_ms in words:
            start_ms, end_ms = times_ms if len(times_ms) == 2 else (None, None)
            entries.append(Entry(text, times_ms[-1], 0, None, start_ms, end_ms))
        segment = Segment(0, from_ms, entries, provisional=provisional)
        segment.settle()
        self.segments.add(segment)
        self.claims.settled(segment)
        return segment

    def one_shot(self, number, text):
        self.claims.heard(number, tuple(text.split()))


TWO = (1000, 2000), (2300, 3300)


@pytest.mark.parametrize(
    ("number", "borders"), [(1, (0, 2250)), (2, (2250, 4500)), (3, (4500, UNBOUND_MS)), (9, (0, UNBOUND_MS))]
)
def test_audio_is_an_utterances_half_way_through_the_silences_around_it(number, borders):
    assert Call((1000, 2000), (2500, 3500), (5500, None)).claims.borders(number) == borders


def test_while_the_utterance_before_goes_on_all_that_was_heard_is_the_next_ones():
    assert Call((1000, None), (2500, None)).claims.borders(2) == (0, UNBOUND_MS)


@pytest.mark.parametrize(("given_to_ms", "from_ms"), [(2100, 2100), (2250, 2250), (2900, 2300)])
def test_audio_begins_where_the_one_befores_ended_and_with_the_utterance_at_the_latest(given_to_ms, from_ms):
    call = Call(*TWO)
    call.claims.asked(1, 800, given_to_ms)
    assert call.claims.borders(2)[0] == from_ms


def test_a_one_shot_claims_the_words_that_it_heard_from_an_untimed_neighbour():
    call = Call(*TWO)
    segment = call.settled(("א", 2500), ("ב", 2600))
    assert call.placement.owners(segment) == [2, 2]
    call.one_shot(1, "א")
    assert call.placement.owners(segment) == [1, 2]


def test_a_timed_word_is_claimed_by_none():
    call = Call(*TWO)
    segment = call.settled(("א", 2400, 2500))
    call.one_shot(1, "א")
    assert call.placement.owners(segment) == [2]


def test_words_that_are_settled_after_the_one_shot_heard_them_are_its_utterances():
    call = Call(*TWO)
    call.one_shot(1, "א ב")
    segment = call.settled(("ב", 2600), ("ג", 2700))
    assert call.placement.owners(segment) == [1, 2]


def test_a_word_that_the_utterance_has_already_is_not_claimed_a_second_time():
    call = Call(*TWO)
    call.settled(("כן", 1900))
    call.one_shot(1, "כן")
    segment = call.settled(("כן", 3000))
    assert call.placement.owners(segment) == [2]


@pytest.mark.parametrize(("seen_ms", "owner"), [(6000, 1), (6001, 2)])
def test_nothing_is_claimed_from_a_segment_that_came_long_after(seen_ms, owner):
    call = Call((1000, 2000), (2300, 8000))
    call.one_shot(1, "א")
    assert call.placement.owners(call.settled(("א", seen_ms))) == [owner]


def test_a_hypothesis_words_beyond_those_that_its_one_shot_heard_are_the_neighbours():
    call = Call((1000, 2000), (2300, 3300), (3600, 4600))
    segment = call.settled(("א", 3500), ("ב", 3500), ("ג", 3500), provisional=True)
    assert call.placement.owners(segment) == [2, 2, 2]
    call.one_shot(2, "ב")
    assert call.placement.owners(segment) == [1, 2, 3]


def test_a_hypothesis_in_other_words_for_the_same_speech_stays():
    call = Call(*TWO)
    segment = call.settled(("פותס", 3200), provisional=True)
    call.one_shot(2, "פותח")
    assert call.placement.owners(segment) == [2]


def test_a_hypothesis_words_of_which_the_one_shot_heard_none_are_the_one_befores():
    call = Call(*TWO)
    segment = call.settled(("שלום", 3200), provisional=True)
    call.one_shot(2, "תודה")
    assert call.placement.owners(segment) == [1]


@pytest.mark.parametrize(
    ("from_ms", "seen_ms", "owner"),
    [
        (1800, 3200, 1),
        (1900, 3200, 2),  # the stream heard less than a word of the utterance before
        (2100, 3200, 2),  # ...nothing
        (2100, 2300, 1),  # it was known before this utterance began
    ],
)
def test_a_misheard_word_is_the_one_befores_only_where_its_stream_heard_that_one(from_ms, seen_ms, owner):
    call = Call(*TWO)
    segment = call.settled(("אנק", seen_ms), provisional=True, from_ms=from_ms)
    call.one_shot(2, "שלום אני מתקשר")
    assert call.placement.owners(segment) == [owner]


def test_a_word_on_the_edge_of_the_audio_that_a_neighbour_holds_is_left_out():
    call = Call((1000, 2000), (2250, 3000))
    call.claims.asked(1, 760, 2220)
    call.one_shot(1, "של שתי")
    assert call.claims.own_words(1) == ("של", "שתי")
    call.settled(("שתי", 2150, 2320), ("החברות", 2320, 3000))
    assert (call.claims.words(1), call.claims.own_words(1)) == (("של", "שתי"), ("של",))


def test_a_neighbours_word_that_lies_outside_of_the_audio_is_another_one():
    call = Call((1000, 2000), (2250, 3000))
    call.claims.asked(1, 760, 2220)
    call.one_shot(1, "כן")
    call.settled(("כן", 2220, 2500))
    assert call.claims.own_words(1) == ("כן",)


def test_an_utterance_is_touched_when_its_neighbours_words_change_its_one_shots():
    call = Call((1000, 2000), (2250, 3000), (9000, 9500))
    call.one_shot(1, "של")
    assert call.claims.touched_by({2}) == {1, 2}
    assert call.claims.touched_by({3}) == {3}


def test_a_forgotten_utterance_has_no_one_shot():
    call = Call(*TWO)
    call.claims.asked(1, 0, 2250)
    call.one_shot(1, "א")
    assert call.claims.numbers() == {1}
    call.claims.forget(1)
    call.claims.forget(2)
    assert (call.claims.numbers(), call.claims.words(1), call.claims.borders(2)[0]) == (set(), (), 2150)
