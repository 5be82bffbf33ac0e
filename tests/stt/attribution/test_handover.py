"""Where one stream took over from another, each word is one stream's."""

import pytest

from stt.attribution.alignment import Entry
from stt.attribution.handover import Handover
from stt.attribution.segments import Segment, Segments
from stt.attribution.streams import Streams
from stt.events import Word


class Call:
    """Streams 0 and 1, where the second takes over at this media time."""

    def __init__(self, border_ms=2000):
        self.segments = Segments()
        self.streams = Streams(self.segments)
        self.handover = Handover(self.segments, self.streams)
        self.old, self.new = self.streams.of(0), self.streams.of(1)
        self.handover.renewed(0, border_ms)

    def said(self, *words, stream=0):
        """A settled segment of (text, when first heard) or of (text, start, end)."""
        segment = Segment(stream, 0)
        for text, *times_ms in words:
            start_ms, end_ms = times_ms if len(times_ms) == 2 else (None, None)
            segment.entries.append(Entry(text, times_ms[-1], 0, None, start_ms, end_ms))
        segment.settle()
        self.segments.add(segment)

    def own(self, stream, *words, end_ms=3000):
        own, self.deferred = self.handover.divide(stream, tuple(Word(*word) for word in words), end_ms)
        return [word.text for word in own]


def test_a_stream_that_shares_no_moment_with_another_owns_all_that_it_says():
    call = Call()
    assert call.own(call.streams.of(7), ("a", 0, 100), ("b",)) == ["a", "b"]


def test_the_border_divides_a_final_by_the_middle_of_its_words():
    call = Call(border_ms=2000)
    assert call.own(call.old, ("a", 1000, 1500), ("b", 1900, 2098), ("c", 1900, 2100), ("d", 2200, 2500)) == ["a", "b"]
    assert [word.text for word in call.deferred] == ["c", "d"]


def test_a_word_without_a_time_among_timed_ones_is_divided_by_the_time_it_must_have():
    call = Call(border_ms=2000)
    assert call.own(call.old, ("a", 1000, 1500), ("b",), ("c", 2900, 3000)) == ["a"]
    assert [word.text for word in call.deferred] == ["b", "c"]


def test_a_border_that_moves_divides_anew():
    call = Call(border_ms=2000)
    call.handover.renewed(0, 1400)
    assert call.own(call.old, ("a", 1000, 1200), ("b", 1500, 1900)) == ["a"]


def test_a_word_ahead_of_the_border_is_the_new_streams_only_if_the_old_one_has_not_said_one_there():
    call = Call(border_ms=2000)
    call.said(("a", 1000, 1500))
    assert call.own(call.new, ("a", 1010, 1490), ("b", 1550, 1900)) == ["b"]


def test_times_that_merely_touch_are_two_words():
    call = Call(border_ms=2000)
    call.said(("a", 1000, 1540))
    assert call.own(call.new, ("b", 1500, 1900)) == ["b"]
    call.said(("a", 1000, 1541))
    assert call.own(call.new, ("b", 1500, 1900)) == []


def test_the_same_word_that_the_old_stream_gave_without_a_time_is_one_word():
    call = Call(border_ms=2000)
    call.said(("כן", 1600))
    assert call.own(call.new, ("כן", 1500, 1800)) == []
    assert call.own(call.new, ("לא", 1500, 1800)) == ["לא"]
    assert call.own(call.new, ("כן", 1601, 1900)) == ["כן"]


@pytest.mark.parametrize(
    ("old", "new", "own"),
    [
        # Both heard the word on the border.
        (("b", 1500, 2000), ("b", 1850, 2300), []),
        # Said again behind it: their times do not overlap.
        (("b", 1500, 1880), ("b", 1950, 2300), ["b"]),
        (("b", 1500, 1889), ("b", 1850, 2300), ["b"]),
        (("b", 1500, 1890), ("b", 1850, 2300), []),
        # Another word is no repeat.
        (("c", 1500, 2000), ("b", 1850, 2300), ["b"]),
        # It began behind the border as the new stream hears it.
        (("b", 1500, 2100), ("b", 1961, 2300), ["b"]),
    ],
)
def test_a_word_on_the_border_is_one_word_where_both_heard_it(old, new, own):
    call = Call(border_ms=2000)
    call.said(old)
    assert call.own(call.new, new) == own


def test_only_the_old_streams_last_word_can_be_on_the_border():
    call = Call(border_ms=2000)
    call.said(("b", 1500, 2000), ("c", 2000, 2010))
    assert call.own(call.new, ("b", 1850, 2300)) == ["b"]


def test_a_final_is_the_next_streams_when_all_its_words_are_behind_the_border():
    call = Call(border_ms=2000)
    assert call.handover.is_the_next_ones(call.old, [Word("a", 2000, 2200)])
    assert not call.handover.is_the_next_ones(call.old, [Word("a", 1500, 1900), Word("b", 2000, 2200)])
    assert not call.handover.is_the_next_ones(call.old, [Word("a", 2000, 2200), Word("b")])
    assert not call.handover.is_the_next_ones(call.new, [Word("a", 2000, 2200)])


def test_what_the_new_stream_leaves_out_is_handed_back_once_and_when_it_has_spoken_so_far():
    call = Call(border_ms=2000)
    call.old.deferred = [Word("a", 2050, 2300), Word("b", 2400, 2800)]
    assert call.handover.take_left_out(call.new, 2299) == []
    assert [word.text for word in call.handover.take_left_out(call.new, 2300)] == ["a"]
    assert [word.text for word in call.handover.take_left_out(call.new, None)] == ["b"]
    assert call.handover.take_left_out(call.new, None) == []


def test_what_the_new_stream_says_itself_is_not_handed_back():
    call = Call(border_ms=2000)
    call.old.deferred = [Word("a", 2050, 2300), Word("b", 2400, 2800)]
    call.said(("A", 2060, 2320), stream=1)
    assert [word.text for word in call.handover.take_left_out(call.new, None)] == ["b"]


@pytest.mark.parametrize(
    ("hypothesis", "own"),
    [
        ("אתה רוצה לקבוע", "לקבוע"),
        ("אתה רוצה.", ""),
        # A hypothesis may have split a word.
        ("אתה רו צה לקבוע", "לקבוע"),
        ("לקבוע תור", "לקבוע תור"),
        ("רוצה", ""),
    ],
)
def test_without_times_a_new_streams_first_words_are_told_from_the_old_ones_last(hypothesis, own):
    call = Call(border_ms=2000)
    call.said(("שלום", 1000), ("אתה", 1500), ("רוצה", 1900))
    call.handover.closed(call.old, fed_ms=2500)
    assert call.new.said_before == ("אתה", "רוצה")
    assert call.handover.own_texts(call.new, tuple(hypothesis.split())) == tuple(own.split())
    assert call.own(call.new, *((text,) for text in hypothesis.split())) == own.split()


def test_once_the_new_stream_has_settled_words_it_repeats_none():
    call = Call()
    call.new.said_before = ("כן",)
    call.new.settled_to(2500)
    assert call.handover.own_texts(call.new, ("כן",)) == ("כן",)


def test_the_next_stream_has_heard_nothing_from_before_the_overlap():
    call = Call(border_ms=2000)
    call.handover.closed(call.old, fed_ms=5000)
    assert call.streams.begins_ms == 1300
    call.handover.closed(call.new, fed_ms=9000)
    assert call.streams.begins_ms == 8300
