"""How late frames are handled, of one call and of many."""

from calls.core.frame_delays import DelayMeter, merged_percentile


def meter(delays_ms):
    """A frame every 20 ms, each handled so late."""
    one = DelayMeter()
    for index, delay_ms in enumerate(delays_ms):
        one.add(20 * index, 5000 + 20 * index + delay_ms)
    return one.summary()


def test_a_delay_is_what_lies_above_the_fastest_frame():
    summary = meter([7.0] * 98 + [3.0, 30.0])
    assert (summary["p50"], summary["p99"], summary["max"]) == (4.0, 4.0, 27.0)
    assert summary["counts"] == {"0": 1, "4": 98, "27": 1}


def test_what_is_counted_of_calls_is_summed_up():
    calls = [meter([0.0] * 999 + [9.0])["counts"], meter([0.0] * 1000)["counts"]]
    assert merged_percentile(calls, 0.999) == 0.0
    assert merged_percentile(calls, 0.9999) == 9.0
    assert merged_percentile([], 0.999) is None


def test_no_frames_are_no_delay():
    assert meter([]) == {}
