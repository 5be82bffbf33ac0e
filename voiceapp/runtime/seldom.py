"""Seldom: whether a failure that goes on is worth a line of the log."""

from __future__ import annotations

import time

INTERVAL_S = 60.0
"""A failure that goes on is logged this often: a disk that is full fails many times a second, and may take some in
between."""


class Seldom:
    """One kind of failure's. Any thread; two at once may both be told yes."""

    def __init__(self) -> None:
        self._said_s = -INTERVAL_S

    def is_due(self) -> bool:
        """Yes at first, and then once in INTERVAL_S."""
        now_s = time.monotonic()
        if now_s - self._said_s < INTERVAL_S:
            return False
        self._said_s = now_s
        return True
