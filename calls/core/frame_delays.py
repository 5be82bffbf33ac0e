"""How late a call's frames are handled: one histogram of fixed size a call. Pure.

Frames leave their sender every 20 ms by its clock, so arrival minus media time is constant on a perfect line; what a
frame lies above the fastest one is its delay: the sender's, the network's and this process's together.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

STEPS_A_MS = 10
COUNTED_STEPS = 5
"""Steps of the histogram that ``counts`` sums up: half a millisecond."""
EARLIEST_MS, LATEST_MS = -100, 400
"""Around the first frame; what lies beyond is counted at the edge, and the largest is kept exactly."""
STEPS = STEPS_A_MS * (LATEST_MS - EARLIEST_MS)


class DelayMeter:
    """Constant time and memory: 20 kB."""

    __slots__ = ("_count", "_counts", "_first_ms", "_largest_ms", "_least_ms")

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * STEPS))
        self._first_ms: float | None = None
        self._least_ms = 0.0
        self._largest_ms = 0.0
        self._count = 0

    def add(self, at_ms: int, now_ms: float) -> None:
        """A frame of this media time was handled at this monotonic instant."""
        offset_ms = now_ms - at_ms
        if self._first_ms is None:
            self._first_ms = offset_ms
        offset_ms -= self._first_ms
        if offset_ms < self._least_ms:
            self._least_ms = offset_ms
        elif offset_ms > self._largest_ms:
            self._largest_ms = offset_ms
        self._counts[_step(offset_ms)] += 1
        self._count += 1

    def summary(self) -> dict[str, Any]:
        """``p50``, ``p99``, ``p999``, ``max`` in ms above the fastest frame, and ``counts``; empty without frames."""
        if not self._count:
            return {}
        wanted = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
        found: dict[str, float] = {}
        seen = 0
        for step, count in self._counted():
            seen += count
            for name, share in wanted.items():
                if name not in found and seen >= share * self._count:
                    delay_ms = step / STEPS_A_MS + EARLIEST_MS - self._least_ms
                    found[name] = round(max(0.0, delay_ms), 1)
            if len(found) == len(wanted):
                break
        return {**found, "max": round(self._largest_ms - self._least_ms, 1), "counts": self._coarse()}

    def _coarse(self) -> dict[str, int]:
        """Frames by their delay in ms, rounded up to half a millisecond: what is counted of calls can be summed."""
        counts: Counter[str] = Counter()
        for step, count in self._counted():
            delay_ms = max(0.0, step / STEPS_A_MS + EARLIEST_MS - self._least_ms)
            width_ms = COUNTED_STEPS / STEPS_A_MS
            counts[f"{ceil(delay_ms / width_ms) * width_ms:g}"] += count
        return dict(counts)

    def _counted(self) -> Iterator[tuple[int, int]]:
        """The steps that hold frames, with how many: a call ends on the event loop, and most steps are empty."""
        for step in range(_step(self._least_ms), _step(self._largest_ms) + 1):
            if count := self._counts[step]:
                yield step, count


def _step(offset_ms: float) -> int:
    step = int((offset_ms - EARLIEST_MS) * STEPS_A_MS)
    return step if 0 <= step < STEPS else 0 if step < 0 else STEPS - 1


def merged_percentile(calls: Iterable[Mapping[str, int]], share: float) -> float | None:
    """Of all frames of calls, from their ``counts``: nearest rank, ms; None of no frames."""
    merged: Counter[float] = Counter()
    for counts in calls:
        merged.update({float(delay_ms): count for delay_ms, count in counts.items()})
    seen = 0
    for delay_ms in sorted(merged):
        seen += merged[delay_ms]
        if seen >= share * merged.total():
            return delay_ms
    return None
