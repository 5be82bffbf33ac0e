"""Where one stream took over from another, each word is one stream's."""

import pytest

from stt.attribution.alignment import Entry
from stt.attribution.handover import Handover
from stt.attribution.segments import Segment, Segments
from stt.attribution.spans import Spans
from stt.attribution.streams import Streams
from stt.events import Word


class Call:
    """Streams 0 and 1, where the second takes over at this media time."""

    def __init__(self, border_ms=2000):
        self.segments = Segments()
        self.streams = Streams(self.segments)
        self.spans = Spans()
        self.handover = Handover(self.segments, self.streams, self.spans)
        self.old, self.new = self.streams.of(0), self.streams.of(1)
        self.handover.renewed(0, border_ms)

    def spoken(self, start_ms, end_ms):
        """An utterance."""
        self.spans.add(start_ms, end_ms, vad_missed=False)

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
    call.spoken(800, 3000)
    call.said(("שלום", 1000), ("אתה", 1500), ("רוצה", 1900))
    call.handover.closed(call.old, fed_ms=2500)
    call.handover.opened(call.new, 1500)
    assert call.new.said_before == ("אתה", "רוצה")
    assert call.handover.own_texts(call.new, tuple(hypothesis.split())) == tuple(own.split())
    assert call.own(call.new, *((text,) for text in hypothesis.split())) == own.split()


def said_on_both_sides(*, voice, fed_to_ms=2200, fed_from_ms=1300):
    """The old stream has said two words, and both have heard what lies between two times."""
    call = Call(border_ms=2000)
    for start_ms, end_ms in voice:
        call.spoken(start_ms, end_ms)
    call.said(("לא", 1400), ("כן", 1900))
    call.handover.closed(call.old, fed_to_ms)
    call.handover.opened(call.new, fed_from_ms)
    return call


def test_across_a_border_in_silence_no_word_is_a_repeat_however_alike():
    call = said_on_both_sides(voice=[(500, 1250), (2250, 3000)])
    assert call.own(call.new, ("לא",), ("כן",)) == ["לא", "כן"]


def test_where_the_streams_share_no_audio_no_word_is_a_repeat():
    call = said_on_both_sides(voice=[(500, 3000)], fed_from_ms=2200)
    assert call.own(call.new, ("לא",), ("כן",)) == ["לא", "כן"]


def test_the_voice_that_both_heard_bounds_the_words_that_are_repeats():
    call = said_on_both_sides(voice=[(500, 3000)])
    assert call.own(call.new, ("לא",), ("כן",)) == []
    call = said_on_both_sides(voice=[(500, 1250), (2060, 3000)])
    assert call.own(call.new, ("כן",), ("כן",)) == ["כן"]


def test_once_the_new_stream_has_settled_words_of_its_own_it_repeats_none():
    call = said_on_both_sides(voice=[(500, 3000)])
    assert call.own(call.new, ("כן",), ("טוב",)) == ["טוב"]
    assert call.own(call.new, ("כן",)) == ["כן"]


def test_a_final_in_pieces_goes_on_with_what_is_left_of_the_old_streams_words():
    call = said_on_both_sides(voice=[(500, 3000)])
    assert call.own(call.new, ("לא",)) == []
    assert call.own(call.new, ("כן",), ("טוב",)) == ["טוב"]
    assert call.own(call.new, ("לא",)) == ["לא"]


def test_without_times_a_one_shot_is_given_no_silence_that_the_next_stream_hears():
    call = Call(border_ms=2000)
    assert call.handover.apart_to_ms(1900) > 10**9
    call.streams.tell_times = False
    assert [call.handover.apart_to_ms(ms) for ms in (1900, 2000)] == [2000, 2000]
    assert call.handover.apart_to_ms(2001) > 10**9
    assert call.handover.apart_to_ms(None) > 10**9


def test_until_a_stream_says_where_it_is_fed_from_it_is_taken_to_hear_the_moment_before_the_border():
    call = Call(border_ms=2000)
    call.spoken(500, 3000)
    call.said(("לא", 1200), ("כן", 1900))
    call.handover.closed(call.old, 2200)
    assert call.new.said_before == ("כן",)


def test_the_next_stream_has_heard_nothing_from_before_the_overlap():
    call = Call(border_ms=2000)
    call.handover.closed(call.old, fed_ms=5000)
    assert call.streams.begins_ms == 1300
    call.handover.closed(call.new, fed_ms=9000)
    assert call.streams.begins_ms == 8300
