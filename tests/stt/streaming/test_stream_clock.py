"""A stream's own time is mapped to media time."""

from hypothesis import given
from hypothesis import strategies as st

from stt.streaming.stream_clock import MAX_GAPS, StreamClock


def fed(*chunks):
    clock = StreamClock()
    for at_ms, length_ms in chunks:
        clock.fed(at_ms, length_ms)
    return clock


def test_a_stream_that_began_later_has_its_times_later():
    clock = fed((5000, 100), (5100, 100))
    assert [clock.media_ms(ms) for ms in (1, 100, 150, 200)] == [5001, 5100, 5150, 5200]
    assert clock.fed_ms == 200


def test_a_gap_that_was_not_fed_lies_between():
    clock = fed((100, 80), (1180, 80))
    assert [clock.media_ms(ms) for ms in (20, 80, 81, 160)] == [120, 180, 1181, 1260]


def test_nothing_is_later_than_what_was_fed():
    assert fed((100, 80)).media_ms(500) == 180


def test_no_time_stays_no_time():
    assert StreamClock().media_ms(100) is None
    clock = fed((100, 80))
    assert clock.media_ms(None) is None
    assert clock.media_ms(0) is None
    assert clock.media_ms(0, zero=True) == 100


def test_the_oldest_gaps_are_forgotten():
    clock = fed(*[(i * 1000, 20) for i in range(MAX_GAPS + 10)])
    assert clock.media_ms(clock.fed_ms) == (MAX_GAPS + 9) * 1000 + 20
    # Of a forgotten part the time is taken from the first that is known: wrong, and never None.
    assert clock.media_ms(1) is not None


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)), min_size=1, max_size=50))
def test_each_ms_that_was_fed_is_found_again(parts):
    clock, at_ms, media = StreamClock(), 0, []
    for gap_ms, length_ms in parts:
        at_ms += gap_ms
        clock.fed(at_ms, length_ms)
        media += range(at_ms + 1, at_ms + length_ms + 1)
        at_ms += length_ms
    assert [clock.media_ms(ms) for ms in range(1, len(media) + 1)] == media
