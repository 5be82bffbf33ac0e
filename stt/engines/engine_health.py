"""How long an engine that failed is left alone, and when calls may come back to it. Pure.

One outage costs each call one change to another engine, and must not cost it a second one a moment later. So an engine
that a call has left rests for REST_S. Then, as long as nobody has heard by it since, one call at a time tries it, at a
border between two turns; once it has heard without a failure for WELL_S, every call may. A failure on the way back is a
relapse: the next rest is twice as long, up to MAX_REST_S. A failure long after the last one begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass

REST_S, MAX_REST_S = 30.0, 600.0
"""After the first failure of an outage, and after many relapses."""
WELL_S = 20.0
"""So long it has heard without a failure before all calls come back."""
TRY_EVERY_S = 5.0
"""Between two calls that try an engine of which nothing is known since it failed."""
RELAPSE_S = 600.0
"""A failure within this time of the end of a rest is a relapse."""


@dataclass(slots=True)
class EngineHealth:
    """One engine's in one process. Time is an argument."""

    rest_s: float = REST_S
    """The rest under way, or the last one."""
    failed_s: float | None = None
    """When it last failed a call."""
    heard_since_s: float | None = None
    """Since when it has heard without a failure; None while it has not since the last one."""
    _tried_s: float | None = None

    def failed(self, now_s: float) -> None:
        """A call has left it for another one, or asked it in vain."""
        if self.failed_s is not None:
            since_rest_s = now_s - self.failed_s - self.rest_s
            if since_rest_s >= 0:
                # Not of the outage under way, in which many calls fail.
                self.rest_s = min(2 * self.rest_s, MAX_REST_S) if since_rest_s < RELAPSE_S else REST_S
        self.failed_s, self.heard_since_s = now_s, None

    def heard(self, now_s: float) -> None:
        """It gave a call a result."""
        if self.heard_since_s is None:
            self.heard_since_s = now_s

    @property
    def unwell(self) -> bool:
        """It failed a call, and nobody has heard by it since."""
        return self.failed_s is not None and self.heard_since_s is None

    def rests(self, now_s: float) -> bool:
        """It failed a short while ago: others come first."""
        return self.failed_s is not None and now_s - self.failed_s < self.rest_s

    def may_return(self, now_s: float) -> bool:
        """Whether a call that has left it may come back now. True makes this call the one that tries."""
        if self.failed_s is None:
            return True
        if self.rests(now_s):
            return False
        if self.heard_since_s is not None:
            return now_s - self.heard_since_s >= WELL_S
        if self._tried_s is not None and now_s - self._tried_s < TRY_EVERY_S:
            return False
        self._tried_s = now_s
        return True
