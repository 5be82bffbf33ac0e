"""HandshakeRate: a hundred calls that lose their engine at once do not open a hundred streams at once. Pure.

A token bucket that gives out instants: each call gets the next free one and waits for it, its audio held meanwhile.
A loop that stood still wakes those whose instants have gone by at the same time: they still begin one by one.
"""

from __future__ import annotations

import math

HANDSHAKES_A_SECOND = 20
"""Of one process's calls that go over to another engine: a TLS handshake costs about 2 ms of the loop, and vendors
limit new streams a second."""
EXACTLY_S = 1e-6
"""Instants differ by no less."""


class HandshakeRate:
    """One process's. Time is an argument."""

    def __init__(self, a_second: int = HANDSHAKES_A_SECOND) -> None:
        self._every_s = 1 / a_second
        self._next_s = 0.0
        self._begun_s = -math.inf

    def reserve(self, now_s: float) -> float:
        """Seconds until the caller's own instant; nobody else gets the same one."""
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + self._every_s
        return at_s - now_s

    def begin(self, now_s: float) -> float:
        """At the caller's own instant: 0.0, and it begins; else the seconds that it waits for one that began late."""
        late_s = self._begun_s + self._every_s - now_s
        if late_s > EXACTLY_S:
            return late_s
        self._begun_s = now_s
        return 0.0
