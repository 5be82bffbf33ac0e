"""Transcriber: one call's streaming recognition, whatever the engine.

Owns what every engine needs once: batching, holding audio through a slow handshake and pacing it afterwards, attempts
and their pauses, the way back from a lost engine, renewal of a stream that has had its time, the map from a stream's
own time to media time, and coalescing of interims. Delivers RecognizerEvents in media time, in the order of the
streams; knows no turns. Runs on the event loop; no method blocks or awaits.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from random import Random

from stt.audio import BYTES_PER_MS, duration_ms
from stt.engines.base import OpenStream, StreamEvent, StreamingRecognizer
from stt.engines.breaker import Breaker
from stt.events import (
    Final,
    Interim,
    RecognizerError,
    RecognizerEvent,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
    Word,
)
from stt.tuning import Tuning

logger = logging.getLogger(__name__)

HELD_MS = 60_000
"""Audio kept for a stream that has not opened; older audio is dropped and counted."""
HELD_OPEN_MS = 10_000
"""Audio kept for a stream that has opened and said nothing yet: who is silent needs no more."""
LASTED_S = 10.0
"""A stream that ends by itself after this long was no failed attempt."""
MAP_ENTRIES = 256
"""Gaps of one stream that are remembered for mapping its times."""
BURST_MS = 3000
"""Held audio that is sent at once; the rest follows at PACE times real time, or the engine refuses it as a replay."""
PACE = 4
PACE_EVERY_S = 0.1
OLD_STREAM_S = 2.0
"""How long a half-closed stream may take to say its last word while the next one's results are held."""
PROBE_S = 1.0, 15.0
"""Pauses between the attempts to return to streaming, from the first to the longest."""

Chunk = tuple[bytes, int]
"""µ-law audio and the media time at which it begins."""


class _Stream:
    """One recognition stream: its engine, its clock, and the audio on its way to it."""

    def __init__(self, number: int, attempt: int, now_s: float) -> None:
        self.number = number
        self.attempt = attempt
        self.clock = _StreamClock()
        self.recognizer: StreamingRecognizer | None = None
        self.opened = False
        self.finishing = False
        self.backlog: deque[Chunk] = deque()
        """Waits for its pace."""
        self.began_s = now_s

    def send(self, chunk: Chunk, now_s: float) -> None:
        self.backlog.append(chunk)
        self.flow(now_s)

    def flow(self, now_s: float) -> None:
        """Send what the engine bears by now."""
        allowed_ms = BURST_MS + PACE * (now_s - self.began_s) * 1000
        while self.backlog and self.recognizer is not None and self.clock.fed_ms <= allowed_ms:
            ulaw, at_ms = self.backlog.popleft()
            self.clock.fed(at_ms, len(ulaw) // BYTES_PER_MS)
            self.recognizer.feed(ulaw)
        if self.finishing and not self.backlog and self.recognizer is not None:
            self.finishing = False
            self.recognizer.finish()

    def finish(self, now_s: float) -> None:
        self.finishing = True
        self.flow(now_s)

    def close(self) -> None:
        self.backlog.clear()
        if self.recognizer is not None:
            self.recognizer.close()
            self.recognizer = None


class Transcriber:
    """Feeds audio to one stream after another and delivers what they say."""

    def __init__(
        self,
        open_stream: OpenStream,
        tuning: Tuning,
        deliver: Callable[[RecognizerEvent], None],
        breaker: Breaker | None = None,
    ) -> None:
        self._open_stream = open_stream
        self._tuning = tuning
        self._deliver = deliver
        self._breaker = breaker or Breaker(Random())
        self._loop = asyncio.get_running_loop()
        self._stream: _Stream | None = None
        """The one that is fed."""
        self._old: _Stream | None = None
        """Half-closed, and still speaking; the new one's events wait behind it."""
        self._old_has_spoken = False
        """A final came from it since: words up to its border are given out."""
        self._behind: list[RecognizerEvent] = []
        self._number = 0
        self._attempt = 0
        self._closing = False
        self._finished = False
        self._paused = False
        self._lost = False
        self._news = True
        """The next stream is the call's first, or follows a failure."""
        self._probe_s = PROBE_S[0]
        self._held: deque[Chunk] | None = deque()
        """What a further attempt would be given; None once the stream has said something."""
        self._held_bytes = 0
        self._clock: _StreamClock | None = None
        """Of the stream that opened last, and of the one before it: both may still be fed."""
        self._old_clock: _StreamClock | None = None
        self._billed_streams = self._billed_s = 0
        """Of all before those: what an engine was fed is billed."""
        self.dropped_ms = 0
        """Audio that no stream ever took, because none opened in time."""
        self._batch: list[bytes] = []
        self._batch_at_ms = 0
        self._batch_bytes = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._slot: Interim | None = None

    def start(self) -> None:
        """Open the first stream."""
        self._open()

    def feed(self, ulaw: bytes, at_ms: int) -> None:
        """A frame at its media time; sent on in batches of stt_batch_ms."""
        if self._finished or self._paused:
            return
        if self._batch and at_ms != self._batch_at_ms + self._batch_bytes // BYTES_PER_MS:
            self._flush()
        if not self._batch:
            self._batch_at_ms = at_ms
        self._batch.append(ulaw)
        self._batch_bytes += len(ulaw)
        if self._batch_bytes >= self._tuning.stt_batch_ms * BYTES_PER_MS:
            self._flush()

    def finish(self) -> None:
        """No more audio: half-close; what is under way is still delivered, then StreamClosed."""
        if self._finished:
            return
        self._flush()
        self._finished = True
        self._cancel("probe")
        if self._stream is not None and not self._lost:
            self._stream.finish(self._loop.time())
        elif "retry" not in self._timers:
            if self._stream is not None:
                self._stream.close()
            self._say(StreamClosed(self._number))

    def renew(self, at_ms: int, frames: Iterable[tuple[int, bytes]]) -> None:
        """Half-close the stream and begin the next one with these frames; what was spoken before ``at_ms`` is the old
        one's. Where nothing is open there is nothing to renew."""
        if self._finished or self._paused or not self._retire(at_ms):
            return
        self._begin_with(frames)

    def pause(self, at_ms: int) -> None:
        """Half-close the stream and open none until ``resume``: silence is not listened to."""
        if not self._finished and not self._paused and self._retire(at_ms):
            self._paused = True

    def resume(self, frames: Iterable[tuple[int, bytes]], at_ms: int | None = None) -> None:
        """After a pause: open a stream that begins with these frames.

        ``at_ms`` moves the border between the two streams there, while the old one has not said its last word.
        """
        if self._paused and not self._finished:
            self._paused = False
            if at_ms is not None and self._old is not None and not self._old_has_spoken:
                self._deliver(StreamRenewed(self._old.number, at_ms))
            self._begin_with(frames)

    def close(self) -> None:
        """End at once: nothing is delivered any more. Idempotent."""
        self._closing = self._finished = True
        for name in list(self._timers):
            self._cancel(name)
        for stream in self._streams():
            stream.close()
        self._stream = self._old = None

    @property
    def billed(self) -> tuple[int, int]:
        """Streams that opened, and their seconds of audio, each rounded up as Google bills it
        (calls/lines/costs.py)."""
        speaking = [clock for clock in (self._old_clock, self._clock) if clock is not None]
        return self._billed_streams + len(speaking), self._billed_s + sum(map(_seconds, speaking))

    def _bill(self, clock: _StreamClock) -> None:
        """A stream has opened: only the one before it may still be fed."""
        if self._old_clock is not None:
            self._billed_streams += 1
            self._billed_s += _seconds(self._old_clock)
        self._old_clock, self._clock = self._clock, clock

    # Streams

    def _open(self) -> None:
        self._cancel("retry")
        now_s = self._loop.time()
        if not self._breaker.may_open(now_s):
            self._lose(RecognizerError("breaker_open", "the engine is down for this process"))
            return
        self._attempt += 1
        stream = _Stream(self._number, self._attempt, now_s)
        self._stream = stream
        stream.recognizer = self._open_stream(partial(self._on_event, stream))
        for chunk in self._held or ():
            stream.send(chunk, now_s)
        self._keep_pace()
        if self._finished:
            stream.finish(now_s)

    def _begin_with(self, frames: Iterable[tuple[int, bytes]]) -> None:
        self._next_number()
        for at_ms, ulaw in frames:
            self.feed(ulaw, at_ms)
        self._flush()
        self._open()

    def _next_number(self) -> None:
        self._number += 1
        self._attempt = 0
        self._held = deque()
        self._held_bytes = 0

    def _retire(self, at_ms: int) -> bool:
        """Make the stream in use the old one; False when there is none that says anything more."""
        if self._stream is None or self._lost or self._old is not None or "retry" in self._timers:
            return False
        self._flush()
        self._flush_slot()
        self._old, self._stream = self._stream, None
        self._old_has_spoken = False
        self._say(StreamRenewed(self._old.number, at_ms))
        self._old.finish(self._loop.time())
        self._keep_pace()
        self._after("old", OLD_STREAM_S, self._give_up_old)
        return True

    def _give_up_old(self) -> None:
        if self._old is not None:
            old, self._old = self._old, None
            old.close()
            self._let_go(StreamClosed(old.number, RecognizerError("renewal_timeout")))

    def _let_go(self, closed: StreamClosed) -> None:
        """The old stream has ended: what the new one said meanwhile follows."""
        self._cancel("old")
        self._deliver(closed)
        behind, self._behind = self._behind, []
        for event in behind:
            self._deliver(event)

    def _say(self, event: RecognizerEvent) -> None:
        """Deliver, behind the old stream's last word."""
        if self._old is not None and not isinstance(event, StreamRenewed):
            self._behind.append(event)
        else:
            self._deliver(event)

    def _flush(self) -> None:
        if not self._batch:
            return
        chunk = (b"".join(self._batch), self._batch_at_ms)
        self._batch.clear()
        self._batch_bytes = 0
        if not self._lost:
            self._hold(chunk)
        if self._stream is not None:
            self._stream.send(chunk, self._loop.time())
            self._keep_pace()

    def _hold(self, chunk: Chunk) -> None:
        if self._held is None:
            return
        self._held.append(chunk)
        self._held_bytes += len(chunk[0])
        opened = self._stream is not None and self._stream.opened
        while self._held_bytes > (HELD_OPEN_MS if opened else HELD_MS) * BYTES_PER_MS:
            oldest, _ = self._held.popleft()
            self._held_bytes -= len(oldest)
            if not opened:
                self.dropped_ms += duration_ms(oldest)

    def _keep_pace(self) -> None:
        if "pace" not in self._timers and any(stream.backlog for stream in self._streams()):
            self._after("pace", PACE_EVERY_S, self._on_pace)

    def _on_pace(self) -> None:
        for stream in self._streams():
            stream.flow(self._loop.time())
        self._keep_pace()

    def _streams(self) -> list[_Stream]:
        """Those that still speak: the one that is fed, and the half-closed one before it."""
        return [stream for stream in (self._stream, self._old) if stream is not None]

    # What streams say

    def _on_event(self, stream: _Stream, event: StreamEvent) -> None:
        if self._closing:
            return
        if stream is self._old:
            self._on_old_event(stream, event)
        elif stream is self._stream:
            self._on_new_event(stream, event)

    def _on_old_event(self, stream: _Stream, event: StreamEvent) -> None:
        if isinstance(event, StreamClosed):
            self._old = None
            # They hold each other: let go, it is freed at once, and not in a collection that every call waits for.
            stream.recognizer = None
            self._let_go(StreamClosed(stream.number, event.error))
        elif isinstance(event, Final):
            self._old_has_spoken = True
            self._deliver(_in_media_time(event, stream))
        # Its interims would say words that the new one will say.

    def _on_new_event(self, stream: _Stream, event: StreamEvent) -> None:
        if isinstance(event, StreamOpened):
            stream.opened = True
            self._bill(stream.clock)
            if not self._lost:
                self._started(stream)
        elif isinstance(event, StreamClosed):
            self._on_closed(stream, event)
        else:
            self._on_result(stream, event)

    def _started(self, stream: _Stream) -> None:
        # A planned renewal or half-close opens one every few seconds: that is no news.
        level, self._news = (logging.INFO if self._news or stream.attempt > 1 else logging.DEBUG), False
        logger.log(level, "✅ [STT] Streaming started (attempt %d)", stream.attempt)
        self._say(StreamOpened(stream.number, stream.attempt))

    def _on_result(self, stream: _Stream, event: Interim | Final) -> None:
        self._breaker.succeeded()
        self._held = None
        if self._lost and event.words:
            # The engine hears again: utterances need the one-shot recogniser no more.
            self._lost = False
            self._probe_s = PROBE_S[0]
            self._started(stream)
        if isinstance(event, Interim):
            self._coalesce(replace(event, stream=stream.number, end_ms=stream.clock.media_ms(event.end_ms)))
        else:
            self._drop_slot()
            self._say(_in_media_time(event, stream))

    def _on_closed(self, stream: _Stream, event: StreamClosed) -> None:
        self._stream = None
        stream.recognizer = None
        self._news = True
        now_s = self._loop.time()
        lasted = self._held is None or now_s - stream.began_s >= LASTED_S
        if event.error is None and not lasted and not self._finished:
            event = StreamClosed(event.stream, RecognizerError("ended_early", "a stream that ended without a word"))
        if event.error is not None and not lasted and not event.error.refused:
            # One that dies after it has spoken says nothing of the next, and a refused setting nothing of other calls.
            self._breaker.failed(now_s)
        if self._lost:
            self._probe_later()
        elif lasted or event.error is None:
            self._flush_slot()
            self._say(StreamClosed(stream.number, event.error))
            if not self._finished:
                # What came before the end is settled; the next stream hears from here on.
                self._next_number()
                self._retry()
        elif event.error.permanent or stream.attempt >= self._tuning.stt_attempts:
            logger.warning("⚠️ [STT] Streaming given up after attempt %d: %s", stream.attempt, event.error.code)
            self._lose(event.error)
        else:
            logger.warning("⚠️ [STT] Streaming attempt %d failed: %s", stream.attempt, event.error.code)
            self._retry()

    def _retry(self) -> None:
        # Jitter: one lost connection ends the streams of many calls at once.
        jitter = self._breaker.random.uniform(1.0, 1.5)
        self._after("retry", jitter * self._tuning.stt_retry_ms / 1000, self._open)

    # Lost, and the way back

    def _lose(self, error: RecognizerError) -> None:
        if not self._lost:
            self._lost = True
            self._held = deque()
            self._held_bytes = 0
            self._say(StreamClosed(self._number, error))
            self._say(StreamingLost(error))
        if not error.permanent:
            self._probe_later()

    def _probe_later(self) -> None:
        if self._finished:
            return
        wait_s = max(self._probe_s, self._breaker.wait_s(self._loop.time()) if self._breaker.open else 0.0)
        self._probe_s = min(2 * self._probe_s, PROBE_S[1])
        self._after("probe", wait_s, self._probe)

    def _probe(self) -> None:
        """Try streaming again with the audio of now; its first words bring it back."""
        self._next_number()
        self._open()

    # Timers, each by its name

    def _after(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        self._cancel(name)

        def on_time() -> None:
            self._timers.pop(name, None)
            act()

        self._timers[name] = self._loop.call_later(seconds, on_time)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    # Interims: at most one per stt_partial_debounce_ms, the newest wins

    def _coalesce(self, event: Interim) -> None:
        if "debounce" in self._timers:
            self._slot = event
            return
        self._say(event)
        if self._tuning.stt_partial_debounce_ms:
            self._after("debounce", self._tuning.stt_partial_debounce_ms / 1000, self._on_debounce)

    def _on_debounce(self) -> None:
        if self._slot is not None:
            event, self._slot = self._slot, None
            self._coalesce(event)

    def _flush_slot(self) -> None:
        if self._slot is not None:
            self._say(self._slot)
        self._drop_slot()

    def _drop_slot(self) -> None:
        """A final says all that the waiting interim said, and more."""
        self._slot = None
        self._cancel("debounce")


def _seconds(clock: _StreamClock) -> int:
    return -(-clock.fed_ms // 1000)


def _in_media_time(event: Final, stream: _Stream) -> Final:
    at = stream.clock.media_ms
    words = tuple(Word(word.text, at(word.start_ms, zero=True), at(word.end_ms)) for word in event.words)
    return replace(event, stream=stream.number, words=words, end_ms=at(event.end_ms))


class _StreamClock:
    """Maps ms of audio fed to one stream to media time, across gaps that were not fed."""

    def __init__(self) -> None:
        self.fed_ms = 0
        self._stream_ms: list[int] = []
        self._media_ms: list[int] = []

    def fed(self, at_ms: int, length_ms: int) -> None:
        if not self._media_ms or at_ms - self._media_ms[-1] != self.fed_ms - self._stream_ms[-1]:
            self._stream_ms.append(self.fed_ms)
            self._media_ms.append(at_ms)
            if len(self._media_ms) > MAP_ENTRIES:
                del self._stream_ms[0], self._media_ms[0]
        self.fed_ms += length_ms

    def media_ms(self, stream_ms: int | None, *, zero: bool = False) -> int | None:
        """None where the engine gave no time (0 means the same, but for the first word's start)."""
        if stream_ms is None or not self._media_ms or (stream_ms <= 0 and not zero):
            return None
        i = max(0, bisect_right(self._stream_ms, min(stream_ms, self.fed_ms) - 1) - 1)
        return self._media_ms[i] + min(stream_ms, self.fed_ms) - self._stream_ms[i]
