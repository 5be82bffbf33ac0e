"""Transcriber: one call's streaming recognition, whatever the engine.

Feeds audio to one stream after another and delivers what they say, in media time and in the order of the streams. What
every engine needs is written once, each part in a module beside this one: batches, audio that is held through a slow
handshake, pacing, attempts and the way back from a lost engine, renewal, coalescing of interims, and what is billed.
Knows no turns. Runs on the event loop; no method blocks or awaits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from random import Random

from stt.engines.base import OpenStream, StreamEvent
from stt.engines.breaker import Breaker
from stt.events import Final, Interim, RecognizerError, RecognizerEvent, StreamClosed, StreamingLost, StreamOpened
from stt.streaming.batcher import Batcher, Chunk
from stt.streaming.billing import Billing
from stt.streaming.held_audio import HeldAudio
from stt.streaming.interims import Interims
from stt.streaming.reconnect import AfterEnd, Reconnect
from stt.streaming.renewal import Renewal
from stt.streaming.stream import Stream
from stt.streaming.timers import Timers
from stt.tuning import Tuning

logger = logging.getLogger(__name__)

PACE_EVERY_S = 0.1
"""How often audio that waits for its pace is sent on."""


class Feeding(Enum):
    """What becomes of the frames that a Transcriber is fed."""

    OPEN = "open"
    PAUSED = "paused"
    """Dropped until ``resume``: silence is not listened to."""
    FINISHED = "finished"
    """Dropped; what is under way is still delivered."""
    CLOSED = "closed"
    """Dropped; nothing is delivered any more."""


class Transcriber:
    """One call's. Timers: ``retry``, ``probe``, ``pace``, ``debounce``, and the renewal's ``old``."""

    def __init__(
        self,
        open_stream: OpenStream,
        tuning: Tuning,
        deliver: Callable[[RecognizerEvent], None],
        breaker: Breaker | None = None,
    ) -> None:
        self._open_stream = open_stream
        self._stream: Stream | None = None
        """The one that is fed."""
        self._feeding = Feeding.OPEN
        self._timers = Timers()
        self._reconnect = Reconnect(breaker or Breaker(Random()), tuning)
        self._renewal = Renewal(deliver, self._timers)
        self._held = HeldAudio()
        self._billing = Billing()
        self._interims = Interims(tuning.stt_partial_debounce_ms, self._timers, self._renewal.say)
        self._batcher = Batcher(tuning.stt_batch_ms, self._send)
        self.feed = self._batcher.feed
        """``feed(ulaw, at_ms)``: a frame at its media time; sent on in batches of stt_batch_ms. Every frame comes this
        way: nothing stands between it and the batch."""

    def start(self) -> None:
        """Open the first stream."""
        self._open()

    def finish(self) -> None:
        """No more audio: half-close; what is under way is still delivered, then StreamClosed."""
        if self._finished:
            return
        self._batcher.flush()
        self._become(Feeding.FINISHED)
        self._timers.cancel("probe")
        if self._stream is not None and not self._reconnect.lost:
            self._stream.finish(self._timers.now_s())
        elif "retry" not in self._timers.running:
            if self._stream is not None:
                self._stream.close()
            self._renewal.say(StreamClosed(self._reconnect.number))

    def renew(self, at_ms: int, frames: Iterable[tuple[int, bytes]]) -> None:
        """Half-close the stream and begin the next one with these frames; what was spoken before ``at_ms`` is the old
        one's. Where nothing is open there is nothing to renew."""
        if self._feeding is Feeding.OPEN and self._retire(at_ms):
            self._begin_with(frames)

    def pause(self, at_ms: int) -> None:
        """Half-close the stream and open none until ``resume``: silence is not listened to."""
        if self._feeding is Feeding.OPEN and self._retire(at_ms):
            self._become(Feeding.PAUSED)

    def resume(self, frames: Iterable[tuple[int, bytes]], at_ms: int | None = None) -> None:
        """After a pause: open a stream that begins with these frames.

        ``at_ms`` moves the border between the two streams there, while the old one has not said its last word.
        """
        if self._feeding is Feeding.PAUSED:
            self._become(Feeding.OPEN)
            if at_ms is not None:
                self._renewal.move_border(at_ms)
            self._begin_with(frames)

    def close(self) -> None:
        """End at once: nothing is delivered any more. Idempotent."""
        self._become(Feeding.CLOSED)
        self._timers.cancel_all()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._renewal.close()

    @property
    def streams(self) -> list[Stream]:
        """Those that still speak: the one that is fed, and the half-closed one before it."""
        return [stream for stream in (self._stream, self._renewal.old) if stream is not None]

    @property
    def billed(self) -> tuple[int, int]:
        """Streams that opened, and their seconds of audio, each rounded up as Google bills it
        (calls/lines/costs.py)."""
        return self._billing.total

    @property
    def dropped_ms(self) -> int:
        """Audio that no stream ever took, because none opened in time."""
        return self._held.dropped_ms

    @property
    def _finished(self) -> bool:
        return self._feeding in (Feeding.FINISHED, Feeding.CLOSED)

    def _become(self, feeding: Feeding) -> None:
        self._feeding = feeding
        self._batcher.shut = feeding is not Feeding.OPEN

    # Audio

    def _send(self, chunk: Chunk) -> None:
        stream = self._stream
        if not self._reconnect.lost:
            self._held.add(chunk, stream is not None and stream.opened)
        if stream is not None:
            stream.send(chunk, self._timers.now_s())
            if "pace" not in self._timers.running and stream.is_behind:
                self._keep_pace()

    def _keep_pace(self) -> None:
        if "pace" not in self._timers.running and any(stream.is_behind for stream in self.streams):
            self._timers.start("pace", PACE_EVERY_S, self._on_pace)

    def _on_pace(self) -> None:
        for stream in self.streams:
            stream.flow(self._timers.now_s())
        self._keep_pace()

    # Streams

    def _open(self) -> None:
        self._timers.cancel("retry")
        now_s = self._timers.now_s()
        stream = self._reconnect.attempt(now_s)
        if stream is None:
            self._lose(RecognizerError("breaker_open", "the engine is down for this process"))
            return
        self._stream = stream
        stream.recognizer = self._open_stream(partial(self._on_event, stream))
        for chunk in self._held:
            stream.send(chunk, now_s)
        self._keep_pace()
        if self._finished:
            stream.finish(now_s)

    def _begin_with(self, frames: Iterable[tuple[int, bytes]]) -> None:
        self._begin_next()
        for at_ms, ulaw in frames:
            self.feed(ulaw, at_ms)
        self._batcher.flush()
        self._open()

    def _begin_next(self) -> None:
        self._reconnect.next_stream()
        self._held.restart()

    def _retire(self, at_ms: int) -> bool:
        """Make the stream in use the old one; False when there is none that says anything more."""
        stream = self._stream
        if stream is None or self._reconnect.lost or self._renewal.old is not None or "retry" in self._timers.running:
            return False
        self._batcher.flush()
        self._interims.flush()
        self._stream = None
        self._renewal.begin(stream, at_ms)
        self._keep_pace()
        return True

    # What streams say

    def _on_event(self, stream: Stream, event: StreamEvent) -> None:
        if self._feeding is Feeding.CLOSED:
            return
        if stream is self._renewal.old:
            self._renewal.on_event(stream, event)
        elif stream is not self._stream:
            return
        elif isinstance(event, StreamOpened):
            stream.opened = True
            self._billing.opened(stream.clock)
            if not self._reconnect.lost:
                self._started(stream)
        elif isinstance(event, StreamClosed):
            self._on_closed(stream, event.error)
        else:
            self._on_result(stream, event)

    def _started(self, stream: Stream) -> None:
        level = logging.INFO if self._reconnect.take_news(stream) else logging.DEBUG
        logger.log(level, "✅ [STT] Streaming started (attempt %d)", stream.attempt)
        self._renewal.say(StreamOpened(stream.number, stream.attempt, stream.clock.began_ms))

    def _on_result(self, stream: Stream, event: Interim | Final) -> None:
        stream.has_spoken = True
        self._reconnect.heard()
        self._held.release()
        if self._reconnect.lost and event.words:
            # The engine hears again: utterances need the one-shot recogniser no more.
            self._reconnect.back()
            self._started(stream)
        if isinstance(event, Interim):
            self._interims.put(stream.interim(event))
        else:
            self._interims.drop()
            self._renewal.say(stream.final(event))

    def _on_closed(self, stream: Stream, error: RecognizerError | None) -> None:
        self._stream = None
        # They hold each other: let go, it is freed at once, and not in a collection that every call waits for.
        stream.recognizer = None
        after, error = self._reconnect.ended(stream, error, self._timers.now_s(), finished=self._finished)
        if after is AfterEnd.PROBE:
            self._probe_later()
        elif after is AfterEnd.NEXT or error is None:
            self._interims.flush()
            self._renewal.say(StreamClosed(stream.number, error, stream.clock.ended_ms))
            if not self._finished:
                # What came before the end is settled; the next stream hears from here on.
                self._begin_next()
                self._retry()
        elif after is AfterEnd.GIVE_UP:
            logger.warning("⚠️ [STT] Streaming given up after attempt %d: %s", stream.attempt, error.code)
            self._lose(error)
        else:
            logger.warning("⚠️ [STT] Streaming attempt %d failed: %s", stream.attempt, error.code)
            self._retry()

    def _retry(self) -> None:
        self._timers.start("retry", self._reconnect.retry_wait_s(), self._open)

    # Lost, and the way back

    def _lose(self, error: RecognizerError) -> None:
        if not self._reconnect.lost:
            self._reconnect.lose()
            self._held.restart()
            self._renewal.say(StreamClosed(self._reconnect.number, error))
            self._renewal.say(StreamingLost(error))
        if not error.permanent:
            self._probe_later()

    def _probe_later(self) -> None:
        if not self._finished:
            self._timers.start("probe", self._reconnect.probe_wait_s(self._timers.now_s()), self._probe)

    def _probe(self) -> None:
        """Try streaming again with the audio of now; its first words bring it back."""
        self._begin_next()
        self._open()
