"""Hearing: one call's streaming recognition, whatever the engine.

Owns what every engine needs once: batching, holding audio through a slow handshake, attempts and their pauses, mapping
a stream's own time to media time, and coalescing interims. Delivers RecognizerEvents in media time; knows no turns.
Runs on the event loop; no method blocks or awaits.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from stt.audio import BYTES_PER_MS, duration_ms
from stt.events import (
    Final,
    Interim,
    RecognizerEvent,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    Word,
)
from stt.recognizers import OpenStream, StreamEvent, StreamingRecognizer
from stt.tuning import Tuning

logger = logging.getLogger(__name__)

HELD_MS = 60_000
"""Audio kept for a stream that has not given its first result; older audio is dropped and counted."""
MAP_ENTRIES = 256
"""Gaps of one stream that are remembered for mapping its times."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    ulaw: bytes
    at_ms: int


class Hearing:
    """Feeds audio to one stream after another and delivers what they say."""

    def __init__(self, open_stream: OpenStream, tuning: Tuning, deliver: Callable[[RecognizerEvent], None]) -> None:
        self._open_stream = open_stream
        self._tuning = tuning
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._stream = 0
        self._attempt = 0
        self._recognizer: StreamingRecognizer | None = None
        self._closing = False
        self._finished = False
        self._has_result = False
        self._held: deque[_Chunk] = deque()
        self._held_bytes = 0
        self.dropped_ms = 0
        """Audio that no stream ever took, because none opened in time."""
        self._batch: list[bytes] = []
        self._batch_at_ms = 0
        self._batch_bytes = 0
        self._clock = _StreamClock()
        self._retry: asyncio.TimerHandle | None = None
        self._slot: Interim | None = None
        self._debounce: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Open the first stream."""
        self._open()

    def feed(self, ulaw: bytes, at_ms: int) -> None:
        """A frame at its media time; sent on in batches of stt_batch_ms."""
        if self._finished:
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
        if self._recognizer is not None:
            self._recognizer.finish()
        elif self._retry is None:
            self._deliver(StreamClosed(self._stream))

    def close(self) -> None:
        """End at once: nothing is delivered any more. Idempotent."""
        self._closing = self._finished = True
        for timer in (self._retry, self._debounce):
            if timer is not None:
                timer.cancel()
        if self._recognizer is not None:
            self._recognizer.close()
            self._recognizer = None

    # Streams

    def _open(self) -> None:
        self._retry = None
        self._attempt += 1
        self._clock = _StreamClock()
        self._recognizer = self._open_stream(partial(self._on_event, self._stream, self._attempt))
        for chunk in self._held:
            self._send(chunk)
        if self._finished:
            self._recognizer.finish()

    def _flush(self) -> None:
        if not self._batch:
            return
        chunk = _Chunk(b"".join(self._batch), self._batch_at_ms)
        self._batch.clear()
        self._batch_bytes = 0
        if not self._has_result:
            self._hold(chunk)
        if self._recognizer is not None:
            self._send(chunk)

    def _hold(self, chunk: _Chunk) -> None:
        self._held.append(chunk)
        self._held_bytes += len(chunk.ulaw)
        while self._held_bytes > HELD_MS * BYTES_PER_MS:
            oldest = self._held.popleft()
            self._held_bytes -= len(oldest.ulaw)
            self.dropped_ms += duration_ms(oldest.ulaw)

    def _send(self, chunk: _Chunk) -> None:
        if self._recognizer is not None:
            self._clock.fed(chunk.at_ms, len(chunk.ulaw) // BYTES_PER_MS)
            self._recognizer.feed(chunk.ulaw)

    def _on_event(self, stream: int, attempt: int, event: StreamEvent) -> None:
        if self._closing or (stream, attempt) != (self._stream, self._attempt):
            return
        if isinstance(event, StreamOpened):
            logger.info("✅ [STT] Streaming started (attempt %d)", attempt)
            self._deliver(StreamOpened(stream, attempt))
        elif isinstance(event, StreamClosed):
            self._on_closed(event)
        else:
            if not self._has_result:
                self._has_result = True
                self._held.clear()
                self._held_bytes = 0
            if isinstance(event, Interim):
                self._coalesce(replace(event, stream=stream, end_ms=self._clock.media_ms(event.end_ms)))
            else:
                self._drop_slot()
                self._deliver(self._in_media_time(event, stream))

    def _on_closed(self, event: StreamClosed) -> None:
        self._recognizer = None
        if self._has_result or event.error is None:
            self._flush_slot()
            self._deliver(StreamClosed(self._stream, event.error))
            if self._finished:
                return
            # What came before the end is settled; the next stream hears from here on.
            self._stream += 1
            self._attempt = 0
            self._has_result = False
            self._schedule()
        elif event.error.permanent or self._attempt >= self._tuning.stt_attempts:
            logger.warning("⚠️ [STT] Streaming given up after attempt %d: %s", self._attempt, event.error.code)
            self._deliver(StreamClosed(self._stream, event.error))
            self._deliver(StreamingLost(event.error))
        else:
            logger.warning("⚠️ [STT] Streaming attempt %d failed: %s", self._attempt, event.error.code)
            self._schedule()

    def _schedule(self) -> None:
        self._retry = self._loop.call_later(self._tuning.stt_retry_ms / 1000, self._open)

    def _in_media_time(self, event: Final, stream: int) -> Final:
        at = self._clock.media_ms
        words = tuple(Word(word.text, at(word.start_ms, zero=True), at(word.end_ms)) for word in event.words)
        return replace(event, stream=stream, words=words, end_ms=at(event.end_ms))

    # Interims: at most one per stt_partial_debounce_ms, the newest wins

    def _coalesce(self, event: Interim) -> None:
        if self._debounce is not None:
            self._slot = event
            return
        self._deliver(event)
        if self._tuning.stt_partial_debounce_ms:
            seconds = self._tuning.stt_partial_debounce_ms / 1000
            self._debounce = self._loop.call_later(seconds, self._on_debounce)

    def _on_debounce(self) -> None:
        self._debounce = None
        if self._slot is not None:
            event, self._slot = self._slot, None
            self._coalesce(event)

    def _flush_slot(self) -> None:
        if self._slot is not None:
            self._deliver(self._slot)
        self._drop_slot()

    def _drop_slot(self) -> None:
        """A final says all that the waiting interim said, and more."""
        self._slot = None
        if self._debounce is not None:
            self._debounce.cancel()
            self._debounce = None


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
