"""Do a line's answers fail? Decided with hysteresis from how its last ones ended, whichever calls they were in. Pure.

One answer that fails alarms nobody, nor does a busy line of which one in ten does. Each process decides for its own
calls, as calls/core/line_health.py does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from calls.core.line_health import CLEAR_AFTER_S, Verdict

LAST_ANSWERS = 10
"""Of a line that are looked at."""
LEAST_FAILED = 2
"""Of these: half of them or more are trouble, but not a single one."""


@dataclass(slots=True)
class _LastAnswers:
    """Of one line."""

    failed: deque[bool] = field(default_factory=lambda: deque(maxlen=LAST_ANSWERS))
    failed_s: float | None = None
    """When the last one failed."""

    def verdict(self, now_s: float) -> Verdict:
        failures = sum(self.failed)
        bad = failures >= LEAST_FAILED and 2 * failures >= len(self.failed)
        if self.failed_s is not None and now_s - self.failed_s < CLEAR_AFTER_S:
            # For so long, so that a database that is away for a moment does not miss it.
            return Verdict.TROUBLED if bad else Verdict.UNKNOWN
        return Verdict.UNKNOWN if bad or self.failed[-1] else Verdict.WELL


@dataclass(slots=True)
class AnswerHealth:
    """Looks at all lines that a process answers."""

    _lines: dict[str, _LastAnswers] = field(default_factory=dict)

    def ended(self, line: str, *, failed: bool, now_s: float) -> None:
        """An answer of this line has come to its end."""
        last = self._lines.setdefault(line, _LastAnswers())
        last.failed.append(failed)
        if failed:
            last.failed_s = now_s

    def verdicts(self, now_s: float) -> dict[str, Verdict]:
        """By line; of those that have answered. One is well when less than half of its last answers failed, the last
        one of them did not, and CLEAR_AFTER_S have passed without a failure."""
        return {line: last.verdict(now_s) for line, last in self._lines.items()}
