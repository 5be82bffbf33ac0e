"""Is a line in trouble, or well again? Decided with hysteresis from a look at its calls each second. Pure.

A call that is deaf for a moment alarms nobody, and a line is well only after somebody was heard on it: that its last
deaf call has hung up says nothing. Each process decides for its own calls; calls/process/alarm_monitor.py makes one
alarm of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from calls.core.status import CallStatus, RecognizerActivity

RAISE_AFTER_S = 4.0
"""Trouble for this long in all; a call counts as deaf only seconds after it has gone deaf."""
CLEAR_AFTER_S = 20.0
"""Without trouble, and with words heard."""
MAX_STEP_S = 5.0
"""Looks further apart than this say nothing of the time between them."""


class Trouble(StrEnum):
    DEAF = "line_deaf"
    """At least half of the line's calls have a stream that says nothing."""
    DOWN = "recogniser_down"
    """At least half of the line's calls have no stream."""
    COST = "cost_ceiling"
    """The month has cost what the line may cost (calls/lines/costs.py)."""
    ENGINE = "engine_down"
    """Of no line: calls have left this engine, whose name stands in a line's place, and nobody has heard by it since
    (stt/engines/engine_health.py)."""
    ANSWERS = "answers_failing"
    """At least half of the line's last answers failed: the responder, or every voice (calls/core/answer_health.py)."""
    THREAD = "thread_ended"
    """Of no line: a thread that a process needs has ended, or fails again and again
    (voiceapp/runtime/background.py)."""
    SETTINGS = "settings_unreadable"
    """Of no line: the database answers, and round after round no settings of lines can be read from it
    (calls/lines/settings_troubles.py)."""
    DISK = "disk_filling"
    """Of no line: the disk of VAR_DIR is nearly full (calls/process/disk_room.py)."""


class Verdict(StrEnum):
    UNKNOWN = "unknown"
    TROUBLED = "troubled"
    WELL = "well"


@dataclass(slots=True)
class TroubleDetector:
    """Decides of one line and one kind of trouble."""

    _bad_s: float = 0.0
    """Trouble seen since the line was last well."""
    _last_bad_s: float | None = None
    _looked_s: float | None = None
    _heard: bool = False
    """Words have come since the last trouble."""

    def look(self, *, bad: bool, heard: bool, now_s: float) -> Verdict:
        """``bad``: the trouble is there now; ``heard``: words have come since the last look."""
        step_s = now_s - self._looked_s if self._looked_s is not None else 0.0
        self._looked_s = now_s
        if bad:
            self._bad_s += step_s if step_s <= MAX_STEP_S else 0.0
            self._last_bad_s, self._heard = now_s, False
            return Verdict.TROUBLED if self._bad_s >= RAISE_AFTER_S else Verdict.UNKNOWN
        self._heard = self._heard or heard
        if self._heard and (self._last_bad_s is None or now_s - self._last_bad_s >= CLEAR_AFTER_S):
            self._bad_s = 0.0
            return Verdict.WELL
        return Verdict.UNKNOWN


@dataclass(slots=True)
class LineHealth:
    """Looks at all lines that a process hears."""

    _detectors: dict[tuple[str, Trouble], TroubleDetector] = field(default_factory=dict)
    _results: dict[str, int] = field(default_factory=dict)
    """By CallSid, as of the last look."""

    def look(self, looks: Iterable[tuple[str, str, CallStatus]], now_s: float) -> dict[tuple[str, Trouble], Verdict]:
        """``looks``: CallSid, line and state of every running call. Verdicts on the lines that have one."""
        lines: dict[str, list[CallStatus]] = {}
        heard: set[str] = set()
        results: dict[str, int] = {}
        for sid, line, look in looks:
            lines.setdefault(line, []).append(look)
            results[sid] = look.results
            if look.results > self._results.get(sid, 0):
                heard.add(line)
        self._results = results
        return {
            (line, trouble): self._detectors.setdefault((line, trouble), TroubleDetector()).look(
                bad=2 * sum(look.hears is hears for look in calls) >= len(calls), heard=line in heard, now_s=now_s
            )
            for line, calls in lines.items()
            for trouble, hears in ((Trouble.DEAF, RecognizerActivity.DEAF), (Trouble.DOWN, RecognizerActivity.DOWN))
        }
