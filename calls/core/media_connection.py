"""A call's media connection: whose it is, and when nobody is on it any more. Pure."""

from __future__ import annotations

from collections import Counter

from calls.core.messages import Start

NO_START_MS = 5000
"""Twilio's start follows its handshake at once."""
NO_CALLER_MS = 15_000
"""A line on which no frame comes any more has no caller."""


class MediaConnection:
    """From the socket's opening to the end of the caller's audio."""

    def __init__(
        self, call_sid: str, account_sid: str, counters: Counter[str], *, longest_call_s: int, opened_ms: float
    ) -> None:
        """``account_sid``: of the call, where it is known. ``longest_call_s``: 0 is without end."""
        self.call_sid = call_sid
        self.start: Start | None = None
        self._account_sid = account_sid
        self._counters = counters
        self._longest_call_ms = longest_call_s * 1000
        self._began_ms = opened_ms
        """When the socket opened; from the start on, when that came."""
        self._ended = False

    def accept(self, start: Start, now_ms: float) -> bool:
        """The call's own start, and its first, begins it. Any other is counted and refused."""
        foreign = ""
        if start.call_sid != self.call_sid:
            foreign = "foreign_call"
        elif self._account_sid and start.account_sid and start.account_sid != self._account_sid:
            foreign = "foreign_account"
        if foreign or self.start is not None or self._ended:
            self._counters[foreign or "second_start"] += 1
            return False
        self.start = start
        self._began_ms = now_ms
        return True

    def is_foreign(self, stream_sid: str) -> bool:
        """Whether a message is another stream's, where it says whose it is; counted."""
        foreign = bool(stream_sid) and self.start is not None and stream_sid != self.start.stream_sid
        if foreign:
            self._counters["foreign_stream"] += 1
        return foreign

    def end(self) -> None:
        """The caller's audio is over: nothing is waited for any more."""
        self._ended = True

    def outlived(self, now_ms: float, last_frame_ms: float) -> str | None:
        """Why the socket is to be closed: a stable code; None when it is not. ``last_frame_ms``: when one arrived."""
        return next((reason for at_ms, reason in self._limits(last_frame_ms) if now_ms >= at_ms), None)

    def next_deadline_ms(self, last_frame_ms: float) -> float | None:
        """The instant from which it has outlived itself, unless something comes."""
        return min((at_ms for at_ms, _ in self._limits(last_frame_ms)), default=None)

    def _limits(self, last_frame_ms: float) -> list[tuple[float, str]]:
        if self._ended:
            return []
        if self.start is None:
            return [(self._began_ms + NO_START_MS, "no_start")]
        limits = [(last_frame_ms + NO_CALLER_MS, "silent_line")]
        if self._longest_call_ms:
            limits.append((self._began_ms + self._longest_call_ms, "too_long"))
        return limits
