"""Wall: what fails behind it is counted, told once of each kind, and the call is heard to its end.

A call consists of many parts that know nothing of one another: what answers it, what shows it, what bills it. One that
fails must not take the others along, nor the words that come after.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

ASKED_AGAIN_MS = 1000.0
"""What could not say when it has something to decide is asked again after this long."""


class Wall:
    """One call's."""

    def __init__(self, call_sid: str) -> None:
        self._call_sid = call_sid
        self._told: set[tuple[str, type[Exception]]] = set()

    @contextmanager
    def behind(self, what: str) -> Iterator[None]:
        """``with wall.behind("its answering"):`` ends there on any exception; the log says what failed."""
        try:
            yield
        except Exception as error:
            metrics.PUMP_ERRORS.inc()
            if (what, type(error)) not in self._told:
                self._told.add((what, type(error)))
                logger.exception("call %s: %s failed", self._call_sid, what)

    def due_ms(self, what: str, ask: Callable[[float], float | None], now_ms: float) -> float | None:
        """When ``ask(now_ms)`` says that there is something to decide, None for never."""
        due_ms: float | None = now_ms + ASKED_AGAIN_MS
        with self.behind(what):
            due_ms = ask(now_ms)
        return due_ms
