"""EngineSilence: how long a call's engine has said nothing while it owes words, and when that is suspect. Pure."""

from __future__ import annotations

import math

from stt.engines.result_gaps import ResultGaps


class EngineSilence:
    """One call's. Instants are monotonic, in ms."""

    def __init__(self, hears_since_ms: float = 0.0) -> None:
        self._result_ms = hears_since_ms
        """When the engine last gave words, or began to hear the call."""
        self._missed = False

    def broken(self, now_ms: float, owed_since_ms: float | None, gaps: ResultGaps | None) -> None:
        """A result with words has come. ``owed_since_ms``: when the first utterance began that waited for it; None
        where none did, and it says nothing of the engine's habit."""
        if gaps is not None and owed_since_ms is not None:
            gaps.add(now_ms - max(owed_since_ms, self._result_ms))
        self._result_ms, self._missed = now_ms, False

    def missed(self) -> None:
        """The one-shot recogniser has heard an utterance of which the engine has said nothing, or a half-closed stream
        has not said its last word in time."""
        self._missed = True

    def suspect_at_ms(self, began_ms: float, gaps: ResultGaps | None) -> float:
        """The instant from which on an engine is suspect that says nothing more of an utterance that began then; never
        where its habit is not known."""
        if gaps is None:
            return math.inf
        if self._missed:
            return began_ms
        suspect_ms = gaps.suspect_ms
        return math.inf if suspect_ms is None else max(began_ms, self._result_ms) + suspect_ms
