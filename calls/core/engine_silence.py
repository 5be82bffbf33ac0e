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

    def broken(self, now_ms: float, owed_since_ms: float | None, gaps: ResultGaps | None, unheard_ms: int = 0) -> None:
        """A result with words has come. ``owed_since_ms``: when the first utterance began that waited for it; None
        where none did, and it says nothing of the engine's habit. ``unheard_ms``: voice since the result before."""
        if gaps is not None and owed_since_ms is not None:
            gaps.add(now_ms - max(owed_since_ms, self._result_ms))
            gaps.voice.add(unheard_ms)
        self._result_ms, self._missed = now_ms, False

    def missed(self) -> None:
        """The one-shot recogniser has heard an utterance of which the engine has said nothing, or a half-closed stream
        has not said its last word in time."""
        self._missed = True

    def suspect_at_ms(self, began_ms: float, gaps: ResultGaps | None) -> float:
        """The instant from which on an engine is suspect that says nothing more of an utterance that began then; never
        where its habit is not known."""
        return self._silent_at_ms(began_ms, gaps, None if gaps is None else gaps.suspect_ms)

    def late_at_ms(self, began_ms: float, gaps: ResultGaps | None) -> float:
        """...and from which on it is late: few gaps are longer."""
        return self._silent_at_ms(began_ms, gaps, None if gaps is None else gaps.usual_ms)

    def _silent_at_ms(self, began_ms: float, gaps: ResultGaps | None, gap_ms: float | None) -> float:
        if gaps is not None and self._missed:
            return began_ms
        return math.inf if gap_ms is None else max(began_ms, self._result_ms) + gap_ms
