"""How late a call's frames are handled: one histogram of fixed size a call. Pure.

Frames leave their sender every 20 ms by its clock, so arrival minus media time is constant on a perfect line; what a
frame lies above the fastest one is its delay: the sender's, the network's and this process's together.
"""

from __future__ import annotations

from array import array

STEPS_A_MS = 10
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
        step = int((offset_ms - EARLIEST_MS) * STEPS_A_MS)
        if not 0 <= step < STEPS:
            step = 0 if step < 0 else STEPS - 1
        self._counts[step] += 1
        self._count += 1

    def summary(self) -> dict[str, float]:
        """``p50``, ``p99``, ``p999`` and ``max`` in ms above the fastest frame; empty without frames."""
        if not self._count:
            return {}
        wanted = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
        found: dict[str, float] = {}
        seen = 0
        for step, count in enumerate(self._counts):
            seen += count
            for name, share in wanted.items():
                if name not in found and seen >= share * self._count:
                    delay_ms = step / STEPS_A_MS + EARLIEST_MS - self._least_ms
                    found[name] = round(max(0.0, delay_ms), 1)
            if len(found) == len(wanted):
                break
        return {**found, "max": round(self._largest_ms - self._least_ms, 1)}
