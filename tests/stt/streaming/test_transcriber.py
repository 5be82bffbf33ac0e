"""A call's streaming recognition as a whole; each of its parts has a test module of its own."""

import asyncio
import logging

from stt.events import (
    Final,
    Interim,
    RecognizerError,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
    Word,
)
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.fakes import FakeStream
from tests.virtual import in_virtual_time

FRAME = b"\x01" * 160


class Call:
    def __init__(self, **tuning):
        self.events = asyncio.Queue()
        self.streams = []
        self.opened = asyncio.Queue()
        self.transcriber = Transcriber(
            self.open, Tuning(**{"stt_retry_ms": 1, "stt_batch_ms": 80, **tuning}), self.events.put_nowait
        )
        self.transcriber.start()

    def open(self, deliver):
        stream = FakeStream(deliver)
        self.streams.append(stream)
        self.opened.put_nowait(stream)
        return stream

    def feed(self, frames, at_ms=0):
        for i in range(frames):
            self.transcriber.feed(FRAME, at_ms + i * 20)


async def test_frames_go_on_in_batches():
    call = Call()
    call.feed(7)
    assert len(call.streams[0].fed) == 4 * 160


async def test_audio_held_through_failed_attempts_is_sent_in_order(caplog):
    caplog.set_level(logging.INFO)
    call = Call()
    for _ in range(2):
        call.feed(4)
        stream = await call.opened.get()
        stream.deliver(StreamClosed(0, RecognizerError("unavailable")))
    stream = await call.opened.get()
    stream.opens()
    assert len(stream.fed) == 8 * 160
    assert await call.events.get() == StreamOpened(0, 3, fed_from_ms=0)
    assert "✅ [STT] Streaming started (attempt 3)" in caplog.text


async def test_after_the_last_attempt_streaming_is_lost():
    call = Call()
    for _ in range(3):
        stream = await call.opened.get()
        stream.deliver(StreamClosed(0, RecognizerError("unavailable")))
    assert isinstance(await call.events.get(), StreamClosed)
    assert isinstance(await call.events.get(), StreamingLost)
    assert len(call.streams) == 3


async def test_a_permanent_error_is_not_tried_again():
    call = Call()
    call.streams[0].deliver(StreamClosed(0, RecognizerError("permission_denied", permanent=True)))
    assert isinstance(await call.events.get(), StreamClosed)
    assert isinstance(await call.events.get(), StreamingLost)
    assert len(call.streams) == 1


async def test_times_are_mapped_to_media_time_across_a_gap():
    call = Call()
    call.feed(4, at_ms=100)
    call.feed(4, at_ms=1180)
    call.streams[0].deliver(Final((Word("a", 20, 60), Word("b", 100, 140)), 160))
    final = await call.events.get()
    assert [(word.start_ms, word.end_ms) for word in final.words] == [(120, 160), (1200, 1240)]
    assert final.end_ms == 1260


async def test_a_stream_that_ends_by_itself_is_followed_by_another():
    call = Call()
    first = await call.opened.get()
    first.deliver(Final((Word("a"),), 10))
    first.deliver(StreamClosed(0, RecognizerError("stream_expired")))
    second = await call.opened.get()
    second.deliver(Final((Word("b"),), 10))
    events = [await call.events.get() for _ in range(3)]
    assert [event.stream for event in events] == [0, 0, 1]


async def test_interims_are_coalesced_and_the_newest_wins():
    call = Call(stt_partial_debounce_ms=10)
    for text in ("a", "b", "c"):
        call.streams[0].deliver(Interim((text,), None))
    assert (await call.events.get()).words == ("a",)
    assert (await call.events.get()).words == ("c",)
    assert call.events.empty()


async def test_a_final_overtakes_the_interim_that_waits():
    call = Call(stt_partial_debounce_ms=1000)
    for event in (Interim(("a",), None), Interim(("b",), None), Final((Word("c"),), 5)):
        call.streams[0].deliver(event)
    assert (await call.events.get()).words == ("a",)
    assert isinstance(await call.events.get(), Final)
    call.transcriber.close()


async def test_finishing_sends_what_is_left_and_half_closes():
    call = Call()
    call.feed(1)
    call.transcriber.finish()
    assert len(call.streams[0].fed) == 160
    assert call.streams[0].finished
    assert isinstance(await call.events.get(), StreamClosed)


async def test_a_half_closed_stream_is_told_all_that_was_held_for_it(monkeypatch):
    monkeypatch.setattr("stt.streaming.stream.MAX_BURST_MS", 100)
    monkeypatch.setattr("stt.streaming.audio_pace.PACE_EVERY_S", 0.001)
    call = Call()
    call.feed(12)
    old = call.streams[0]
    old.opens()
    told = len(old.fed)
    call.transcriber.renew(240, [])
    while not isinstance(await call.events.get(), StreamClosed):
        assert not call.streams[1].fed
    assert told < len(old.fed) == 12 * 160


async def test_the_border_between_streams_moves_while_the_old_one_has_its_say():
    call = Call()
    call.feed(8)
    call.streams[0].finish = lambda: None
    call.transcriber.pause(160)
    call.transcriber.resume([(80, FRAME), (100, FRAME)], 100)
    assert [(await call.events.get()) for _ in range(2)] == [StreamRenewed(0, 160), StreamRenewed(0, 100)]
    call.transcriber.finish()
    assert call.streams[1].fed == 2 * FRAME
    call.transcriber.close()


async def test_the_border_stays_where_it_was_once_the_old_stream_has_said_a_final():
    call = Call()
    call.feed(8)
    old = call.streams[0]
    old.finish = lambda: None
    call.transcriber.pause(160)
    old.deliver(Final((Word("a"),), 20))
    call.transcriber.resume([(80, FRAME)], 100)
    old.deliver(StreamClosed(0))
    assert [await call.events.get() for _ in range(3)] == [
        StreamRenewed(0, 160),
        Final((Word("a"),), 20),
        StreamClosed(0, fed_to_ms=160),
    ]
    call.transcriber.close()


async def test_only_the_first_stream_and_one_after_a_failure_are_news(caplog):
    caplog.set_level(logging.INFO)
    call = Call()

    def started():
        return caplog.text.count("✅ [STT] Streaming started (attempt 1)")

    (await call.opened.get()).opens()
    assert started() == 1
    call.feed(4)
    call.transcriber.renew(80, [])
    (await call.opened.get()).opens()
    assert started() == 1
    call.streams[1].deliver(Interim(("שלום",), 80))
    call.streams[1].deliver(StreamClosed(0, RecognizerError("unavailable")))
    (await call.opened.get()).opens()
    assert started() == 2


async def test_the_streams_that_still_speak_are_public_with_their_clocks():
    call = Call()
    call.feed(8, at_ms=1000)
    (first,) = call.transcriber.streams
    assert (first.recognizer, first.clock.media_ms(100)) == (call.streams[0], 1100)
    call.streams[0].finish = lambda: None
    call.transcriber.renew(1160, [])
    assert [stream.recognizer for stream in call.transcriber.streams] == call.streams[::-1]
    call.transcriber.close()
    assert call.transcriber.streams == []


async def test_audio_that_no_stream_took_is_counted(monkeypatch):
    monkeypatch.setattr("stt.streaming.held_audio.MAX_HELD_MS", 400)
    call = Call()
    call.feed(40)
    assert call.transcriber.dropped_ms == 400
    call.streams[0].opens()
    call.feed(40, at_ms=800)
    assert call.transcriber.dropped_ms == 400
    call.transcriber.close()


async def test_while_streaming_is_paused_frames_are_dropped_without_a_word():
    call = Call()
    call.feed(4)
    call.transcriber.pause(80)
    call.feed(8, at_ms=80)
    assert len(call.streams[0].fed) == 4 * 160
    call.transcriber.resume([(400, FRAME)])
    assert call.streams[1].fed == FRAME
    call.transcriber.close()


async def test_nothing_is_delivered_after_closing():
    call = Call()
    call.transcriber.close()
    call.transcriber.close()
    call.feed(8)
    call.streams[0].opens()
    call.transcriber.finish()
    assert call.events.empty()
    assert (call.streams[0].closed, bytes(call.streams[0].fed)) == (True, b"")


def test_the_first_words_of_a_probe_bring_streaming_back():
    async def scenario():
        call = Call(stt_attempts=1)
        (await call.opened.get()).deliver(StreamClosed(0, RecognizerError("unavailable")))
        assert [type(await call.events.get()) for _ in range(2)] == [StreamClosed, StreamingLost]
        probe = await call.opened.get()
        probe.opens()
        assert call.events.empty()
        probe.deliver(Interim(("שלום",), 20))
        assert await call.events.get() == StreamOpened(1, 1)
        assert (await call.events.get()).words == ("שלום",)
        call.transcriber.close()

    in_virtual_time(scenario())
