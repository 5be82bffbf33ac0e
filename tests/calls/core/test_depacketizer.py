"""A stream's place on media time, whatever numbers its sender writes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.core.depacketizer import Depacketizer
from calls.core.messages import Media
from calls.core.sender_clock import MAX_AHEAD_MS, MAX_MEDIA_MS, MIN_AGREEING_STAMPS
from calls.core.sequence import MIN_IN_A_ROW

FRAME = b"\x7f" * 160
EPOCH_MS = 1_764_126_000_000
HOUR_MS = 3_600_000
numbers = st.none() | st.integers(0, 10**15) | st.integers(0, 2000) | st.sampled_from([EPOCH_MS, 2**31, 2**32 - 20])


def places(timestamps, *, base_ms=0, sequences=None, arrivals=None):
    """The media time of each frame that is heard, the clock, and what was counted.

    Frames arrive evenly unless ``arrivals`` says when.
    """
    counted = Counter()
    clock = Depacketizer(counted, base_ms)
    heard = []
    for at, timestamp in enumerate(timestamps):
        sequence = sequences[at] if sequences else at + 2
        now_ms = arrivals[at] if arrivals else 20.0 * at
        frames = clock.frames(Media(sequence, timestamp, FRAME), now_ms)
        heard += [frame.at_ms for frame in frames if not frame.concealed]
    return heard, clock, counted


def even(count, begins_ms=0):
    return [begins_ms + 20 * i for i in range(count)]


@pytest.mark.parametrize("at", [0, 1, 50, 99])
@pytest.mark.parametrize("stray", [EPOCH_MS, 10**15 - 1, 2**32 - 20, 2**31])
def test_one_stray_timestamp_moves_nothing(at, stray):
    heard, clock, counted = places([stray if i == at else 20 * i for i in range(100)])
    assert heard == even(100)
    assert (clock.lost, counted) == (0, {"timestamp_wrong": 1})


@pytest.mark.parametrize("ahead_ms", [300, 400, 3000, 15_000, 19_980])
@pytest.mark.parametrize("at", [1, 50, 99])
def test_a_timestamp_ahead_of_the_wall_clock_moves_nothing(ahead_ms, at):
    heard, clock, counted = places([20 * i + ahead_ms * (i == at) for i in range(100)])
    assert heard == even(100)
    assert (clock.lost, counted) == (0, {"timestamp_wrong": 1})


@pytest.mark.parametrize(
    "stamp_of",
    [
        lambda i: 20_000 * i,
        lambda i: 160 * i,
        lambda i: 20 * i + 19_000 * (i > 50),
        lambda i: 20 * i + 15_000 * (i % 50 == 7),
    ],
    ids=["microseconds", "samples", "set forward", "one stray a second"],
)
def test_a_clock_that_runs_ahead_of_the_wall_clock_costs_no_audio(stamp_of):
    heard, clock, counted = places([stamp_of(i) for i in range(600)])
    assert heard == even(600)
    assert clock.lost == 0


def test_a_clock_twice_as_quick_is_soon_not_believed():
    heard, clock, counted = places([40 * i for i in range(600)])
    assert heard[-1] <= 600 * 20 + MAX_AHEAD_MS
    assert clock.lost <= MAX_AHEAD_MS // 20


@pytest.mark.parametrize("gap_ms", [20, 200, 1000, 19_000])
def test_a_gap_that_took_its_time_is_a_gap(gap_ms):
    stamps = even(50) + even(50, 1000 + gap_ms)
    heard, clock, counted = places(stamps, arrivals=[stamp + 70.0 for stamp in stamps])
    assert heard == stamps
    assert (clock.lost, counted) == (gap_ms // 20, {"frames_lost": gap_ms // 20})


@pytest.mark.parametrize("gap_ms", [20, 200, 1000])
def test_a_gap_within_a_burst_after_a_stall_is_a_gap(gap_ms):
    """Nothing came for 5 s, then all of it at once: audio, the gap, audio. The line then goes on evenly."""
    stamps = even(50) + even(50, 1000) + even(50, 2000 + gap_ms) + even(150, 3000 + gap_ms)
    heard, clock, counted = places(stamps, arrivals=[stamp if stamp < 1000 else max(stamp, 6000.0) for stamp in stamps])
    assert heard == stamps
    assert (clock.lost, counted["timestamp_wrong"]) == (gap_ms // 20, 0)


@pytest.mark.parametrize("base_ms", [0, HOUR_MS])
def test_a_clock_that_counts_from_1970_gives_the_calls_own_time(base_ms):
    stamps = even(100, EPOCH_MS)
    heard, clock, counted = places(stamps[:60] + stamps[62:], base_ms=base_ms, sequences=[2 + i for i in range(98)])
    assert heard == even(60, base_ms) + even(38, base_ms + 1240), "two frames that were lost are a gap here too"
    assert (clock.lost, counted["timestamp_wrong"]) == (2, MIN_AGREEING_STAMPS)


@pytest.mark.parametrize("wrap", [2**32, 2**31, 2**16 * 1000])
def test_a_clock_that_wraps_goes_on(wrap):
    heard, clock, counted = places([(wrap - 1000 + 20 * i) % wrap for i in range(150)])
    assert heard == even(150)
    assert clock.sender.stamp_ms == 149 * 20, "it is believed again"
    assert (counted["timestamp_wrong"], counted["timestamp_backwards"]) == (MIN_AGREEING_STAMPS, MIN_AGREEING_STAMPS)


def test_a_clock_that_is_set_back_is_believed_once_it_counts_on():
    heard, clock, counted = places(even(50, 5000) + even(50) + even(20, 1060))
    assert heard == even(100, 5000) + even(20, 7060)
    assert (clock.lost, counted["timestamp_backwards"]) == (3, MIN_AGREEING_STAMPS)


def test_a_clock_that_stands_still_costs_no_audio():
    heard, clock, counted = places([0] * 100)
    assert heard == even(100)
    assert counted == {"timestamp_backwards": 99}


def test_no_timestamp_goes_beyond_the_longest_call():
    stamps = [min(i, 5000) * 19_000 for i in range(5200)]
    heard, *_ = places(stamps, arrivals=stamps)
    assert MAX_MEDIA_MS - 20_000 < max(heard) <= MAX_MEDIA_MS + 5200 * 20


@pytest.mark.parametrize("stray", [10**14, 2**32 - 1, 5000])
def test_one_stray_sequence_number_makes_no_line_deaf(stray):
    heard, clock, counted = places(even(100), sequences=[stray if i == 50 else i + 2 for i in range(100)])
    assert heard == even(100)
    assert counted == {"sequence_wrong": 1, "sequence_gap": 1}


@pytest.mark.parametrize("wrap", [2**32, 2**16])
def test_sequence_numbers_that_wrap_make_no_line_deaf(wrap):
    heard, clock, counted = places(even(100), sequences=[(wrap - 50 + i) % wrap for i in range(100)])
    assert heard == even(100)
    assert counted == {"sequence_wrong": MIN_IN_A_ROW - 1}


@pytest.mark.parametrize(
    "number_of",
    [lambda i: i % 58 + 1, lambda i: i % 256, lambda i: 7, lambda i: 0, lambda i: 5000 - i, lambda i: i ^ 1],
    ids=["anew", "8 bits", "all 7", "all 0", "backwards", "swapped"],
)
def test_audio_that_is_new_by_its_timestamp_is_heard_whatever_its_sequence_number(number_of):
    heard, clock, counted = places(even(600), sequences=[number_of(i) for i in range(600)])
    assert heard == even(600)
    assert not {"sequence_repeat", "sequence_reordered"} & counted.keys()


@pytest.mark.parametrize("timestamp", [None, 0], ids=["without timestamps", "all 0"])
@pytest.mark.parametrize("number_of", [lambda i: 7, lambda i: 5000 - i], ids=["all 7", "backwards"])
def test_sequence_numbers_that_do_not_count_are_ignored_after_a_few(number_of, timestamp):
    heard, clock, counted = places([timestamp] * 600, sequences=[number_of(i) for i in range(600)])
    assert len(heard) >= 600 - (MIN_IN_A_ROW - 1)
    assert counted["sequence_ignored"] == 1
    assert sum(times for code, times in counted.items() if code.startswith("sequence")) == MIN_IN_A_ROW


def test_a_message_that_comes_twice_or_late_is_heard_once():
    order = [*range(50), 49, 50, 52, 51, *range(53, 70), *range(62, 70), *range(70, 100)]
    heard, clock, counted = places([20 * i for i in order], sequences=order)
    assert heard == even(51) + even(48, 1040), "51 came too late: its place is concealed"
    assert (counted["sequence_repeat"], counted["sequence_reordered"]) == (2, 8)
    assert counted["sequence_wrong"] == 0


@given(
    st.lists(
        st.tuples(numbers, numbers, st.binary(min_size=1, max_size=500), st.sampled_from([0, 20, 5000])), max_size=60
    ),
    st.integers(-1, 10**15),
)
def test_whatever_numbers_come_media_time_goes_on_and_stays_in_bounds(messages, base_ms):
    clock = Depacketizer(Counter(), base_ms)
    before_ms = clock.next_ms
    now_ms = 0
    for sequence, timestamp, ulaw, passed_ms in messages:
        now_ms += passed_ms
        for frame in clock.frames(Media(sequence, timestamp, ulaw), now_ms):
            assert before_ms - 15 <= frame.at_ms
            before_ms = frame.at_ms
    assert 0 <= clock.next_ms <= 2 * MAX_MEDIA_MS + 60 * 500 // 8 < 2**31
