"""Transcriber: one call's streaming recognition, whatever the engine.

Feeds audio to one stream after another and delivers what they say, in media time and in the order of the streams. What
every engine needs is written once, each part in a module beside this one: batches, audio that is held through a slow
handshake, pacing, attempts and the way back from a lost engine, renewal, coalescing of interims, and what is billed.
Knows no turns. Runs on the event loop; no method blocks or awaits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from stt.engines.base import OpenStream, StreamEvent
from stt.engines.ladder import Ladder, Rung
from stt.events import Final, Interim, RecognizerError, RecognizerEvent, StreamClosed, StreamingLost, StreamOpened
from stt.streaming.audio_pace import AudioPace
from stt.streaming.batcher import Batcher, Chunk
from stt.streaming.billing import Billed, Billing
from stt.streaming.feeding import Feeding
from stt.streaming.held_audio import HeldAudio
from stt.streaming.interims import Interims
from stt.streaming.reconnect import AfterEnd, Reconnect
from stt.streaming.renewal import MAX_OLD_STREAM_S, Renewal
from stt.streaming.stream import Stream
from stt.streaming.timers import Timers
from stt.tuning import Tuning
from voiceapp.runtime.breaker import Breaker

REPLAY_WAIT_S = MAX_OLD_STREAM_S + 1
"""So long the audio that a failed stream was hearing is waited for: the half-closed one before it may still speak."""


class Transcriber:
    """One call's. Timers: ``retry``, ``probe``, ``pace``, ``replay``, ``debounce``, and the renewal's ``old``."""

    def __init__(
        self,
        engines: OpenStream | Ladder,
        tuning: Tuning,
        deliver: Callable[[RecognizerEvent], None],
        breaker: Breaker | None = None,
    ) -> None:
        """``breaker``: of the only engine, where ``engines`` is that one's streams."""
        self._ladder = engines if isinstance(engines, Ladder) else Ladder([Rung(engines, breaker or Breaker(Random()))])
        self._stream: Stream | None = None
        """The one that is fed."""
        self._feeding = Feeding.OPEN
        self._timers = Timers()
        self._reconnect = Reconnect(self._ladder, tuning)
        self._renewal = Renewal(deliver, self._timers)
        self._pace = AudioPace(self._timers, lambda: self.streams)
        self._held = HeldAudio()
        self._billing = Billing()
        self._interims = Interims(tuning.stt_partial_debounce_ms, self._timers, self._renewal.say)
        self._batcher = Batcher(tuning.stt_batch_ms, self._send)
        self.feed = self._batcher.feed
        """``feed(ulaw, at_ms)``: a frame at its media time; sent on in batches of stt_batch_ms. Every frame comes this
        way: nothing stands between it and the batch."""

    def start(self) -> None:
        """Open the first stream."""
        self._ladder.begin(self._timers.now_s())
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
            self._begin_with(frames, between_turns=at_ms is None)

    def replace(self, code: str) -> None:
        """The stream hears nothing (``code``): end it, and let another engine hear its audio where there is one."""
        stream = self._stream
        if self._feeding is Feeding.OPEN and stream is not None and not self._reconnect.lost:
            stream.close()
            self._break(stream, RecognizerError(code), deaf=True)

    def replay(self, frames: Iterable[tuple[int, bytes]]) -> None:
        """After a StreamClosed that ``replays``: the next stream begins with these frames, up to the newest."""
        if self._feeding is Feeding.BROKEN:
            self._timers.cancel("replay")
            self._become(Feeding.OPEN)
            self._feed_first(frames)
            self._open() if self._reconnect.changes else self._retry()

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
    def billed(self) -> Billed:
        """The streams that opened, and their audio."""
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

    def _send(self, chunk: Chunk) -> None:
        stream = self._stream
        if not self._reconnect.lost:
            self._held.add(chunk, stream is not None and stream.opened)
        if stream is not None:
            stream.send(chunk, self._timers.now_s())
            if stream.is_behind:
                self._pace.keep()

    def _open(self) -> None:
        """Now, or when it is this call's turn among those that go over to another engine."""
        if wait_s := self._reconnect.pace_s(self._timers.now_s()):
            self._timers.start("retry", wait_s, self._open)
        else:
            self._open_now()

    def _open_now(self) -> None:
        self._timers.cancel("retry")
        now_s = self._timers.now_s()
        stream = self._reconnect.attempt(now_s)
        if stream is None:
            self._give_up(RecognizerError("breaker_open", "the engine is down for this process"))
            return
        self._stream = stream
        stream.recognizer = self._ladder.rung.open_stream(partial(self._on_event, stream))
        for chunk in self._held:
            stream.send(chunk, now_s)
        self._pace.keep()
        if self._finished:
            stream.finish(now_s)

    def _begin_with(self, frames: Iterable[tuple[int, bytes]], *, between_turns: bool = True) -> None:
        if between_turns:
            self._reconnect.come_back(self._timers.now_s())
        self._begin_next()
        self._feed_first(frames)
        self._open()

    def _feed_first(self, frames: Iterable[tuple[int, bytes]]) -> None:
        for at_ms, ulaw in frames:
            self.feed(ulaw, at_ms)
        self._batcher.flush()

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
        self._pace.keep()
        return True

    def _on_event(self, stream: Stream, event: StreamEvent) -> None:
        if self._feeding is Feeding.CLOSED:
            return
        if stream is self._renewal.old:
            self._renewal.on_event(stream, event)
        elif stream is not self._stream:
            return
        elif isinstance(event, StreamOpened):
            stream.opened = True
            self._billing.opened(stream.clock, stream.engine)
            if not self._reconnect.lost:
                self._started(stream)
        elif isinstance(event, StreamClosed):
            self._on_closed(stream, event.error)
        else:
            self._on_result(stream, event)

    def _started(self, stream: Stream) -> None:
        for event in self._reconnect.started(stream):
            self._renewal.say(event)

    def _on_result(self, stream: Stream, event: Interim | Final) -> None:
        stream.has_spoken = True
        self._reconnect.heard(self._timers.now_s())
        self._held.release()
        if self._reconnect.lost and event.words:
            self._reconnect.back()  # utterances need the one-shot recogniser no more
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
        elif after is AfterEnd.NEXT and error is not None and self._ladder.has_others and not self._finished:
            self._break(stream, error)
        elif after is AfterEnd.NEXT or error is None:
            self._interims.flush()
            self._renewal.say(StreamClosed(stream.number, error, stream.clock.ended_ms))
            if not self._finished:
                # What came before the end is settled; the next stream hears from here on.
                self._begin_next()
                self._retry()
        elif after is AfterEnd.GIVE_UP:
            self._give_up(error)
        else:
            self._retry()

    def _retry(self) -> None:
        self._timers.start("retry", self._reconnect.retry_wait_s(), self._open)

    def _break(self, stream: Stream, error: RecognizerError, *, deaf: bool = False) -> None:
        """A stream failed under what it was hearing: the next one is given that again, by whoever has it."""
        self._stream = None
        self._reconnect.broke(error, self._timers.now_s(), deaf=deaf)
        self._batcher.flush()
        self._interims.flush()
        self._renewal.say(StreamClosed(stream.number, error, stream.clock.ended_ms, replays=True))
        self._begin_next()
        self._become(Feeding.BROKEN)
        self._timers.start("replay", REPLAY_WAIT_S, partial(self.replay, ()))

    def _give_up(self, error: RecognizerError) -> None:
        """The engine in use is not tried any more: another one hears what is held, or streaming is lost."""
        if not self._reconnect.lost:
            if self._reconnect.fail_over(error, self._timers.now_s()):
                self._open()
                return
            self._reconnect.lose()
            self._held.restart()
            self._renewal.say(StreamClosed(self._reconnect.number, error))
            self._renewal.say(StreamingLost(error))
        if not self._ladder.is_hopeless:
            self._probe_later()

    def _probe_later(self) -> None:
        if not self._finished:
            self._timers.start("probe", self._reconnect.probe_wait_s(self._timers.now_s()), self._probe)

    def _probe(self) -> None:
        """Try streaming again with the audio of now; its first words bring it back."""
        self._ladder.rotate()
        self._begin_next()
        self._open_now()
