"""Gaps: how long an engine usually says nothing while it owes words, found out while it runs. Pure.

An engine that has gone deaf says so with nothing but its silence, and what is a long silence is its habit: one speaks
every 200 ms, another once an utterance. So one process keeps of each engine how long its newest results took, each
since the one before it or since the speech began; and how long half-closed streams took to end, for there the last
word is asked for, and comes sooner than a result in the middle of speech. And how much voice it was fed between two
results: in silence it says nothing anyway, until the final of a stream that nobody half-closes, and that silence says
nothing of how soon it speaks while somebody speaks. One thread reports and asks.
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


class UsualGap:
    """The longest usual one of a kind of gaps. In ms."""

    def __init__(self) -> None:
        self._gaps_ms: deque[float] = deque(maxlen=KEPT)
        self._unread = 0
        self._usual_ms: float | None = None

    def add(self, gap_ms: float) -> None:
        """What was owed has come, so late."""
        self._gaps_ms.append(gap_ms)
        self._unread += 1

    @property
    def usual_ms(self) -> float | None:
        """Few gaps are longer; None while too little is known."""
        if len(self._gaps_ms) >= MIN_KEPT and (self._usual_ms is None or self._unread >= READ_EVERY):
            self._usual_ms, self._unread = percentile(list(self._gaps_ms), SHARE) or 0.0, 0
        return self._usual_ms

    @property
    def suspect_ms(self) -> float | None:
        """A gap of this length is suspect; None while too little is known."""
        return None if self.usual_ms is None else max(LEAST_MS, FACTOR * self.usual_ms)


class ResultGaps(UsualGap):
    """Of one engine in one process: its results with words, since the one before or since the speech began."""

    def __init__(self) -> None:
        super().__init__()
        self.last_words = UsualGap()
        """From a half-close to the stream's end."""
        self.voice = UsualGap()
        """Voice that was fed between two results."""
