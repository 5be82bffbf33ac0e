"""Reconnect: which stream comes after one that has ended, and when.

A stream that dies before it has said anything was a failed attempt: it is tried again, a few times, with the audio that
was held. One that lasted is followed by the next, which hears from there on. After the last attempt streaming is lost,
and probes with the audio of now find the way back, ever more seldom:

    ended after it had spoken, or lasted  → NEXT
    failed, attempts left                 → RETRY
    failed for good, or the last attempt  → GIVE_UP
    any end while streaming is lost       → PROBE

Where the line has other engines, giving up is going on to the next one (stt/engines/ladder.py), with the same audio;
and a stream that failed after it had spoken is followed by one that is given that audio again, at the same engine until
that has happened as often as a stream may be tried.

An engine's Breaker counts failed attempts of all calls, and lets one of them probe an engine that is down.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from enum import Enum

from stt.engines.ladder import Ladder
from stt.events import RecognizerError, RecognizerEvent, StreamOpened
from stt.streaming.stream import Stream
from stt.tuning import Tuning
from voiceapp.runtime import metrics
from voiceapp.runtime.breaker import Breaker

logger = logging.getLogger(__name__)

MIN_LASTED_S = 10.0
"""A stream that ends by itself after this long was no failed attempt."""
MIN_PROBE_S, MAX_PROBE_S = 1.0, 15.0
"""Pauses between the attempts to return to streaming, from the first to the longest."""
BROKEN_WITHIN_S = 30.0
"""Streams that fail in the middle within this time are attempts that failed."""
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

    def __init__(self, ladder: Ladder, tuning: Tuning) -> None:
        self.number = 0
        """Of the stream in use, from 0."""
        self.lost = False
        """No stream hears: utterances depend on the one-shot recogniser."""
        self._ladder = ladder
        self._tuning = tuning
        self._attempt = 0
        self._probe_s = MIN_PROBE_S
        self._is_news = True
        """The next stream is the call's first, or follows a failure."""
        self.changes = False
        """The engine in use is another than the one that heard last, and has not heard yet."""
        self._broken_s: list[float] = []
        """When streams failed in the middle, lately."""

    def next_stream(self) -> None:
        """Another stream follows: its attempts begin."""
        self.number += 1
        self._attempt = 0

    @property
    def _breaker(self) -> Breaker:
        return self._ladder.rung.breaker

    def fail_over(self, error: RecognizerError, now_s: float) -> bool:
        """Go on to another engine, whose attempts begin. False where none is left."""
        self._attempt, self.changes = 0, True
        self._broken_s.clear()
        return self._ladder.next(error, now_s)

    def broke(self, error: RecognizerError, now_s: float, *, deaf: bool = False) -> None:
        """The stream in use failed in the middle, and what it was hearing is replayed: at the same engine, unless that
        would be in vain. ``deaf``: it went on listening without a word."""
        self._is_news = True
        self._broken_s = [at_s for at_s in self._broken_s if now_s - at_s < BROKEN_WITHIN_S] + [now_s]
        often = len(self._broken_s) >= self._tuning.stt_attempts
        if deaf or often or error.permanent or self._breaker.open:
            self.fail_over(error, now_s)

    def come_back(self, now_s: float) -> None:
        """Between two turns: return to an engine before the one in use, where one is well again."""
        if not self.lost and not self.changes and self._ladder.back(now_s):
            self.changes = self._is_news = True

    def pace_s(self, now_s: float) -> float:
        """Seconds until the next attempt asks again: calls that change their engine do so one after the other."""
        return self._ladder.pace_s(now_s) if self.changes else 0.0

    def attempt(self, now_s: float) -> Stream | None:
        """The next attempt's stream; None while the engine is down for the process."""
        if not self._breaker.may_open(now_s):
            return None
        self._attempt += 1
        return Stream(self.number, self._attempt, now_s, self._ladder.rung.name)

    def started(self, stream: Stream) -> Iterator[RecognizerEvent]:
        """A stream has opened: logs it, and says what is to be told of it."""
        change = self._ladder.take_change(stream.number)
        if change is not None:
            if change.code:
                logger.warning("⚠️ [STT] %s hears instead of %s: %s", change.engine, change.left, change.code)
            else:
                logger.info("✅ [STT] %s hears again, %s no longer: it is well again", change.engine, change.left)
            metrics.ENGINE_CHANGES.labels(change.left, change.engine, change.code or "back").inc()
            yield change
        # A planned renewal opens one every few seconds.
        level = logging.INFO if self._is_news or stream.attempt > 1 else logging.DEBUG
        self._is_news = False
        logger.log(level, "✅ [STT] Streaming started (attempt %d)", stream.attempt)
        yield StreamOpened(stream.number, stream.attempt, stream.clock.began_ms)

    def heard(self, now_s: float) -> None:
        """A result came from the stream in use."""
        self._ladder.heard(now_s)
        self.changes = False

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
        # Back at an engine that failed: once is enough.
        returns = self.changes and self._ladder.is_return
        last = error.permanent or returns or stream.attempt >= self._tuning.stt_attempts
        said = "⚠️ [STT] Streaming given up after attempt %d: %s" if last else "⚠️ [STT] Streaming attempt %d failed: %s"
        logger.warning(said, stream.attempt, error.code)
        return (AfterEnd.GIVE_UP if last else AfterEnd.RETRY), error

    def retry_wait_s(self) -> float:
        """Until the next attempt, or the next stream after one that ended by itself."""
        return self._breaker.random.uniform(*RETRY_JITTER) * self._tuning.stt_retry_ms / 1000

    def probe_wait_s(self, now_s: float) -> float:
        """Until the next probe; each wait is longer."""
        wait_s = max(self._probe_s, self._breaker.wait_s(now_s) if self._breaker.open else 0.0)
        self._probe_s = min(2 * self._probe_s, MAX_PROBE_S)
        return wait_s
