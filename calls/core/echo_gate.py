"""EchoGate: while the line speaks, only what is loud enough against our own sound counts as the caller's. Pure.

A caller's loudspeaker gives our voice back, 20 to 35 dB quieter and 150 to 400 ms later, and a voice detector takes it
for the caller. The rule: while our sound may come back (calls/core/own_sound.py), a frame must reach

    the loudest of ours in the last 600 ms + margin            (the margin is negative)

The loudest of 600 ms needs no delay to be known, and no voice of ours can come back from outside of it. The margin is
learnt in the call, from what comes back: the 95th percentile of the line's level against ours, and 6 dB more for the
frames above it. Until something is known it is -18 dB, which holds against the echoes of most telephones and lets
callers through who are as loud as we are. (-12 dB during our first second was tried: of callers 12 dB below us who
speak over it 90 % were taken instead of all, and 200 ms later; echoes of -15 dB cut nothing with either.)

What is learnt must be the echo and not a caller who speaks over us, or they would raise the margin against themselves.
The line is judged by the second (BLOCK_FRAMES of our own sound):

- Nobody's voice in it: there is no echo, or one that no detector takes for speech. It is learnt from as it is.
- A voice whose levels follow ours at one of the delays from 0 to 500 ms: they correlate by 0.95, or by 0.85 at the
  delay at which the last ones did. An echo is our own envelope, delayed and made quieter: 95 % of its seconds correlate
  by .93 and more, half of them by .98, and 95 % of those of callers who speak over us by less than .75
  (benchmarks/echo.py). One of 200 such seconds reaches .85, by chance and at any delay. It is learnt from.
- Any other voice is the caller's, alone or over the echo: that second says nothing.

The last four seconds that count are remembered, so that a caller who turns to the loudspeaker in mid-call is followed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from operator import mul

from calls.core.own_sound import ECHO_TAIL_MS, OwnSound
from stt.audio import FLOOR_DBFS, FRAME_MS
from voiceapp.runtime.percentile import percentile

FIRST_MARGIN_DB = -18.0
"""Until something is learnt."""
LEAST_MARGIN_DB, MOST_MARGIN_DB = -45.0, -12.0
LEARNT_ABOVE_DB = 6.0
"""The margin lies so much above the 95th percentile of what comes back."""
BLOCK_FRAMES = 50
"""Frames that are judged together."""
MAX_LEARNT = 4 * BLOCK_FRAMES
MIN_VOICED = 2
"""A block with fewer voiced frames has nobody's voice in it: speech does not start with fewer."""
MAX_DELAY_FRAMES = 500 // FRAME_MS
MIN_CORRELATION, SURE_CORRELATION = 0.85, 0.95
RANGE_DB = 20.0
"""Levels further below the loudest of their block are taken for equally quiet: pauses, and the line's noise."""
MIN_OWN_DBFS = -45.0
"""While we are quieter than this for 600 ms, nothing can be learnt."""


class EchoGate:
    """One call's. Not thread-safe; never raises; constant memory."""

    def __init__(self, own: OwnSound, margin_db: float = FIRST_MARGIN_DB) -> None:
        """``margin_db``: until something is learnt."""
        self.margin_db = margin_db
        self.echo_db: float | None = None
        """The 95th percentile of the line's level against ours; None until it is learnt."""
        self._own = own
        self._ours: deque[float] = deque([FLOOR_DBFS] * MAX_DELAY_FRAMES, MAX_DELAY_FRAMES + BLOCK_FRAMES)
        """Our level at each frame of the block, and at those before it."""
        self._line: list[float] = []
        """The block's levels."""
        self._against: list[float] = []
        """The same against our loudest."""
        self._voiced = 0
        self._follows_at: int | None = None
        """Where in ours the last block that followed it did so."""
        self._learnt_to_ms = 0.0
        self._learnt: deque[float] = deque(maxlen=MAX_LEARNT)

    def least_dbfs(self, now_ms: float) -> float:
        """A frame that arrives now and is quieter than this is none of the caller's. While our sound may come back."""
        return self._own.loudest_dbfs(now_ms) + self.margin_db

    def learn(self, level_dbfs: float, now_ms: float, *, voiced: bool) -> bool:
        """The frame that has arrived now, while our sound may come back; ``voiced``: somebody's voice, also when it is
        not let through. True when the margin was learnt from it and those before it."""
        loudest = self._own.loudest_dbfs(now_ms)
        if now_ms - self._learnt_to_ms > ECHO_TAIL_MS:
            # Before it, nothing of ours was played.
            self._ours.extend([FLOOR_DBFS] * MAX_DELAY_FRAMES)
            self._begin_block()
        self._learnt_to_ms = now_ms
        self._ours.append(self._own.level_dbfs(now_ms))
        if loudest < MIN_OWN_DBFS and not self._line:
            return False
        self._line.append(level_dbfs)
        self._against.append(level_dbfs - max(loudest, MIN_OWN_DBFS))
        self._voiced += voiced
        if len(self._line) < BLOCK_FRAMES:
            return False
        learns = self._voiced < MIN_VOICED or self._follows_ours()
        if learns:
            self._learnt.extend(self._against)
            self.echo_db = echo_db = percentile(self._learnt, 0.95) or 0.0
            self.margin_db = min(max(echo_db + LEARNT_ABOVE_DB, LEAST_MARGIN_DB), MOST_MARGIN_DB)
        self._begin_block()
        return learns

    def _begin_block(self) -> None:
        self._line.clear()
        self._against.clear()
        self._voiced = 0

    def _follows_ours(self) -> bool:
        """The block's levels are ours at some delay."""
        found, at = correlation_with(self._line, list(self._ours))
        if found < MIN_CORRELATION:
            return False
        again = self._follows_at is not None and abs(at - self._follows_at) <= 1
        self._follows_at = at
        return again or found >= SURE_CORRELATION


def correlation_with(line: Sequence[float], ours: Sequence[float]) -> tuple[float, int]:
    """How well a block's levels follow ours, and where in these they do best. ``ours``: of the block's frames and of
    those before it, as many as an echo may be late."""
    line, ours = _above_pauses(line), _above_pauses(ours)
    return max((_correlation(line, ours[at : at + len(line)]), at) for at in range(len(ours) - len(line) + 1))


def _above_pauses(levels: Sequence[float]) -> list[float]:
    least = max(levels) - RANGE_DB
    return [level if level > least else least for level in levels]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's; 0 where one of them does not vary."""
    count, sum_one, sum_other = len(one), sum(one), sum(other)
    varies_one = sum(map(mul, one, one)) - sum_one * sum_one / count
    varies_other = sum(map(mul, other, other)) - sum_other * sum_other / count
    if varies_one < 1 or varies_other < 1:
        return 0.0
    return (sum(map(mul, one, other)) - sum_one * sum_other / count) / math.sqrt(varies_one * varies_other)
