"""Latencies counted in fixed buckets, from which percentiles are read without the values. Pure.

A bucket is 2^(1/16) wide: sixteen an octave. A percentile is the middle of the bucket that holds it: at most 2.2 %
(2^(1/32)) and half a millisecond off. SHIFT_MS is added to each value, so that none lies on a border: Python, SQLite
and PostgreSQL put it into the same bucket.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

BUCKETS_AN_OCTAVE = 16
SHIFT_MS = 0.5
BUCKETS_A_LOG = BUCKETS_AN_OCTAVE / math.log(2)
"""What a natural logarithm is multiplied by."""


def bucket_of(value_ms: float) -> int:
    """As calls/storage/line_hours.py has the database count."""
    return math.floor(math.log(value_ms + SHIFT_MS) * BUCKETS_A_LOG)


def middle_ms(bucket: int) -> int:
    return max(0, round(float(2 ** ((bucket + 0.5) / BUCKETS_AN_OCTAVE)) - SHIFT_MS))


def add(total: Counter[int], stored: Mapping[str, int]) -> None:
    """Add a histogram as it is stored."""
    for bucket, times in stored.items():
        total[int(bucket)] += times


def percentile_ms(histogram: Mapping[int, int], share: float) -> int | None:
    """The value below which that share of them lies (0 to 1), as voiceapp/runtime/percentile.py means it; None of
    none."""
    count = sum(histogram.values())
    rank = min(count - 1, int(count * share))
    below = 0
    for bucket in sorted(histogram):
        below += histogram[bucket]
        if below > rank:
            return middle_ms(bucket)
    return None
