"""Percentiles from buckets are as good as they are said to be."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from calls.storage.latency_histogram import add, bucket_of, middle_ms, percentile_ms
from voiceapp.runtime.percentile import percentile

LATENCIES = st.lists(st.integers(0, 60_000), min_size=1, max_size=60)


@given(values=LATENCIES, share=st.sampled_from((0.5, 0.95, 0.0, 1.0)))
def test_a_percentile_of_buckets_is_close_to_that_of_the_values(values, share):
    exact = percentile(values, share)
    read = percentile_ms(Counter(map(bucket_of, values)), share)
    assert abs(read - exact) <= 0.022 * (exact + 0.5) + 0.5


@given(values=LATENCIES)
def test_sums_of_parts_are_the_sum(values):
    parts = [values[::2], values[1::2]]
    stored = [{str(bucket): n for bucket, n in Counter(map(bucket_of, part)).items()} for part in parts]
    total = Counter()
    for one in stored:
        add(total, one)
    assert total == Counter(map(bucket_of, values))


def test_nothing_has_no_percentile():
    assert percentile_ms({}, 0.5) is None


def test_a_short_latency_is_none_below_zero():
    assert (middle_ms(bucket_of(0)), middle_ms(bucket_of(1))) == (0, 1)
