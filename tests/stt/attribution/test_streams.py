"""How far each stream has spoken, and which segment its next result belongs to."""

import pytest

from stt.attribution.segments import Segment, Segments
from stt.attribution.streams import Streams, StreamState, known_end_ms


@pytest.fixture
def segments():
    return Segments()


@pytest.fixture
def streams(segments):
    return Streams(segments)


def open_with(streams, number, text, seen_ms=1000):
    segment = streams.segment(streams.of(number), text.split())
    segment.revise(text.split(), seen_ms=seen_ms)
    return segment


def test_results_of_one_stream_belong_to_its_open_segment(streams, segments):
    one = open_with(streams, 0, "a")
    assert open_with(streams, 0, "a b") is one
    assert open_with(streams, 1, "a b") is not one
    assert len(segments) == 2


def test_other_words_after_a_final_without_words_open_a_segment(streams):
    one = open_with(streams, 0, "שלום לכם")
    one.withheld = True
    assert open_with(streams, 0, "אפשר מחר") is not one
    assert not streams.is_open(one)


def test_the_same_words_after_a_final_without_words_continue_the_segment(streams):
    one = open_with(streams, 0, "שלום לכם")
    one.withheld = True
    assert open_with(streams, 0, "שלום לכם חברים") is one
    assert not one.withheld


def test_a_segment_begins_where_its_stream_has_settled(streams):
    streams.of(0).settled_to(1700)
    streams.of(0).settled_to(1500)
    assert open_with(streams, 0, "a").from_ms == 1700


def test_a_streams_first_segment_begins_no_farther_back_than_a_pause(streams):
    streams.note_end(9000, fed_ms=9500)
    assert open_with(streams, 1, "a").from_ms == 5000
    streams.begins_ms = 8000
    assert open_with(streams, 2, "a").from_ms == 8000


@pytest.mark.parametrize(("end_ms", "known_ms"), [(1000, 1000), (3000, 2000), (0, 2000), (None, 2000)])
def test_a_result_end_is_bound_by_the_audio_that_was_fed(end_ms, known_ms):
    assert known_end_ms(end_ms, 2000) == known_ms


def test_an_unknown_end_says_nothing_of_how_far_the_engine_has_listened(streams):
    streams.note_end(None, fed_ms=2000)
    streams.note_end(0, fed_ms=2000)
    assert streams.heard_to_ms is None
    streams.note_end(3000, fed_ms=2000)
    streams.note_end(1000, fed_ms=2000)
    assert streams.heard_to_ms == 2000


@pytest.mark.parametrize(
    ("text", "end_ms", "repeat"),
    [("a b", 2000, True), ("a b", 1800, True), ("a b", 2001, False), ("a", 2000, False), ("a b", None, False)],
)
def test_a_repeat_ends_no_later_and_says_the_same(streams, text, end_ms, repeat):
    open_with(streams, 0, "a b").settle()
    assert not streams.is_repeat(streams.of(0), tuple(text.split()), end_ms)
    streams.of(0).settled_to(2000)
    assert streams.is_repeat(streams.of(0), tuple(text.split()), end_ms) is repeat


def test_a_stream_whose_next_ones_words_are_kept_is_kept(streams, segments):
    for number in range(5):
        streams.of(number).until_ms = 1000 * number
        open_with(streams, number, "a")
    segments.keep([segment for segment in segments if segment.stream >= 3])
    streams.forget()
    assert len(streams) == 3
    assert [streams.of(number).until_ms for number in (1, 2, 3)] == [None, 2000, 3000]


def test_a_final_is_said_again_to_the_letter_and_to_the_end():
    stream = StreamState(1)
    assert not stream.says_again(("כן",), 1000, 1200)
    assert stream.says_again(("כן",), 1000, 5000)
    assert not stream.says_again(("כן",), 1500, 5000)
    assert not stream.says_again(("כן", "לא"), 1500, 5000)
    # Also behind another one.
    assert stream.says_again(("כן",), 1000, 5000)


def test_one_without_an_end_is_said_again_only_where_nothing_can_have_been_spoken_since():
    stream = StreamState(1)
    assert not stream.says_again(("שלום", "לך"), None, 1000)
    assert stream.says_again(("שלום", "לך"), None, 1280)
    # Six letters take 300 ms.
    assert not stream.says_again(("שלום", "לך"), None, 1300)
    assert not stream.says_again(("תודה",), None, 1300)
    assert not stream.says_again(("שלום", "לך"), None, 1300)
    stream.open = Segment(1, 1300)
    assert not stream.says_again(("שלום", "לך"), None, 1310)
