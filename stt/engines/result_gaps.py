"""ResultGaps: how long an engine usually says nothing while it owes words, found out while it runs. Pure.

An engine that has gone deaf says so with nothing but its silence, and what is a long silence is its habit: one speaks
every 200 ms, another once an utterance. So one process keeps of each engine how long its newest results took, each
since the one before it or since the speech began. One thread reports and asks.
"""

from __future__ import annotations

from collections import deque

from voiceapp.runtime.percentile import percentile

KEPT = 200
MIN_KEPT = 20
"""Of fewer results nothing is concluded."""
READ_EVERY = 10
"""Results between two looks at the percentile."""
SHARE, FACTOR = 0.97, 1.5
"""A gap is suspect that is longer than this share of them, by this factor: an engine pauses now and then
(docs/latency.md has how often that is wrong)."""
LEAST_MS = 600.0
"""No gap is suspect that is shorter: STT_TIMEOUT_MS after the end of speech an utterance is decided anyway."""


class ResultGaps:
    """Of one engine in one process. In ms of wall time."""

    def __init__(self) -> None:
        self._gaps_ms: deque[float] = deque(maxlen=KEPT)
        self._unread = 0
        self._suspect_ms: float | None = None

    def add(self, gap_ms: float) -> None:
        """A result with words has come, so long after the one before it or after the speech began."""
        self._gaps_ms.append(gap_ms)
        self._unread += 1

    @property
    def suspect_ms(self) -> float | None:
        """A silence of this length is suspect; None while too little is known."""
        if len(self._gaps_ms) >= MIN_KEPT and (self._suspect_ms is None or self._unread >= READ_EVERY):
            usual_ms = percentile(list(self._gaps_ms), SHARE) or 0.0
            self._suspect_ms, self._unread = max(LEAST_MS, FACTOR * usual_ms), 0
        return self._suspect_ms
