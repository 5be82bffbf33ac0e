"""Reconnect: which stream comes after one that has ended, and when. Pure.

A stream that dies before it has said anything was a failed attempt: it is tried again, a few times, with the audio that
was held. One that lasted is followed by the next, which hears from there on. After the last attempt streaming is lost,
and probes with the audio of now find the way back, ever more seldom:

    ended after it had spoken, or lasted  → NEXT
    failed, attempts left                 → RETRY
    failed for good, or the last attempt  → GIVE_UP
    any end while streaming is lost       → PROBE

The process's Breaker counts failed attempts of all calls, and lets one of them probe an engine that is down.
"""

from __future__ import annotations

from enum import Enum

from stt.engines.breaker import Breaker
from stt.events import RecognizerError
from stt.streaming.stream import Stream
from stt.tuning import Tuning

MIN_LASTED_S = 10.0
"""A stream that ends by itself after this long was no failed attempt."""
MIN_PROBE_S, MAX_PROBE_S = 1.0, 15.0
"""Pauses between the attempts to return to streaming, from the first to the longest."""
RETRY_JITTER = 1.0, 1.5
"""Factors of the pause before a retry: one lost connection ends the streams of many calls at once."""


class AfterEnd(Enum):
    """What follows a stream's end."""

    NEXT = "next"
    RETRY = "retry"
    GIVE_UP = "give_up"
    PROBE = "probe"


class Reconnect:
    """One call's attempts. Time is an argument."""

    def __init__(self, breaker: Breaker, tuning: Tuning) -> None:
        self.number = 0
        """Of the stream in use, from 0."""
        self.lost = False
        """No stream hears: utterances depend on the one-shot recogniser."""
        self._breaker = breaker
        self._tuning = tuning
        self._attempt = 0
        self._probe_s = MIN_PROBE_S
        self._is_news = True
        """The next stream is the call's first, or follows a failure."""

    def next_stream(self) -> None:
        """Another stream follows: its attempts begin."""
        self.number += 1
        self._attempt = 0

    def attempt(self, now_s: float) -> Stream | None:
        """The next attempt's stream; None while the engine is down for the process."""
        if not self._breaker.may_open(now_s):
            return None
        self._attempt += 1
        return Stream(self.number, self._attempt, now_s)

    def take_news(self, stream: Stream) -> bool:
        """A stream has started: is it worth a line in the log? A planned renewal opens one every few seconds."""
        is_news, self._is_news = self._is_news, False
        return is_news or stream.attempt > 1

    def heard(self) -> None:
        """A result came from the stream in use."""
        self._breaker.succeeded()

    def lose(self) -> None:
        """Give up: from now on probes find the way back."""
        self.lost = True

    def back(self) -> None:
        """The engine hears again."""
        self.lost = False
        self._probe_s = MIN_PROBE_S

    def ended(
        self, stream: Stream, error: RecognizerError | None, now_s: float, *, finished: bool
    ) -> tuple[AfterEnd, RecognizerError | None]:
        """What follows the end of the stream in use, and as what it counts. ``finished``: nobody feeds it any more."""
        self._is_news = True
        lasted = stream.has_spoken or now_s - stream.began_s >= MIN_LASTED_S
        if error is None and not lasted and not finished:
            error = RecognizerError("ended_early", "a stream that ended without a word")
        if error is not None and not lasted and not error.refused:
            # One that dies after it has spoken says nothing of the next, and a refused setting nothing of other calls.
            self._breaker.failed(now_s)
        if self.lost:
            return AfterEnd.PROBE, error
        if lasted or error is None:
            return AfterEnd.NEXT, error
        last = error.permanent or stream.attempt >= self._tuning.stt_attempts
        return (AfterEnd.GIVE_UP if last else AfterEnd.RETRY), error

    def retry_wait_s(self) -> float:
        """Until the next attempt, or the next stream after one that ended by itself."""
        return self._breaker.random.uniform(*RETRY_JITTER) * self._tuning.stt_retry_ms / 1000

    def probe_wait_s(self, now_s: float) -> float:
        """Until the next probe; each wait is longer."""
        wait_s = max(self._probe_s, self._breaker.wait_s(now_s) if self._breaker.open else 0.0)
        self._probe_s = min(2 * self._probe_s, MAX_PROBE_S)
        return wait_s
