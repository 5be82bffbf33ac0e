"""Transcriber: attempts, held audio, batching, media time, debounce."""

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

FRAME = b"\x01" * 160


class Ear:
    def __init__(self, **tuning):
        self.events = asyncio.Queue()
        self.streams = []
        self.opened = asyncio.Queue()
        self.hearing = Transcriber(
            self.open, Tuning(**{"stt_retry_ms": 1, "stt_batch_ms": 80, **tuning}), self.events.put_nowait
        )
        self.hearing.start()

    def open(self, deliver):
        stream = FakeStream(deliver)
        self.streams.append(stream)
        self.opened.put_nowait(stream)
        return stream

    def feed(self, frames, at_ms=0):
        for i in range(frames):
            self.hearing.feed(FRAME, at_ms + i * 20)


async def test_frames_go_on_in_batches():
    ear = Ear()
    ear.feed(7)
    assert len(ear.streams[0].fed) == 4 * 160


async def test_audio_held_through_failed_attempts_is_sent_in_order(caplog):
    caplog.set_level(logging.INFO)
    ear = Ear()
    for _ in range(2):
        ear.feed(4)
        stream = await ear.opened.get()
        stream.deliver(StreamClosed(0, RecognizerError("unavailable")))
    stream = await ear.opened.get()
    stream.opens()
    assert len(stream.fed) == 8 * 160
    assert await ear.events.get() == StreamOpened(0, 3)
    assert "✅ [STT] Streaming started (attempt 3)" in caplog.text


async def test_after_the_last_attempt_streaming_is_lost():
    ear = Ear()
    for _ in range(3):
        stream = await ear.opened.get()
        stream.deliver(StreamClosed(0, RecognizerError("unavailable")))
    assert isinstance(await ear.events.get(), StreamClosed)
    assert isinstance(await ear.events.get(), StreamingLost)
    assert len(ear.streams) == 3


async def test_a_permanent_error_is_not_tried_again():
    ear = Ear()
    ear.streams[0].deliver(StreamClosed(0, RecognizerError("permission_denied", permanent=True)))
    assert isinstance(await ear.events.get(), StreamClosed)
    assert isinstance(await ear.events.get(), StreamingLost)
    assert len(ear.streams) == 1


async def test_times_are_mapped_to_media_time_across_a_gap():
    ear = Ear()
    ear.feed(4, at_ms=100)
    ear.feed(4, at_ms=1180)
    ear.streams[0].deliver(Final((Word("a", 20, 60), Word("b", 100, 140)), 160))
    final = await ear.events.get()
    assert [(word.start_ms, word.end_ms) for word in final.words] == [(120, 160), (1200, 1240)]
    assert final.end_ms == 1260


async def test_a_stream_that_ends_by_itself_is_followed_by_another():
    ear = Ear()
    first = await ear.opened.get()
    first.deliver(Final((Word("a"),), 10))
    first.deliver(StreamClosed(0, RecognizerError("stream_expired")))
    second = await ear.opened.get()
    second.deliver(Final((Word("b"),), 10))
    events = [await ear.events.get() for _ in range(3)]
    assert [event.stream for event in events] == [0, 0, 1]


async def test_interims_are_coalesced_and_the_newest_wins():
    ear = Ear(stt_partial_debounce_ms=10)
    for text in ("a", "b", "c"):
        ear.streams[0].deliver(Interim((text,), None))
    assert (await ear.events.get()).words == ("a",)
    assert (await ear.events.get()).words == ("c",)
    assert ear.events.empty()


async def test_a_final_overtakes_the_interim_that_waits():
    ear = Ear(stt_partial_debounce_ms=1000)
    for event in (Interim(("a",), None), Interim(("b",), None), Final((Word("c"),), 5)):
        ear.streams[0].deliver(event)
    assert (await ear.events.get()).words == ("a",)
    assert isinstance(await ear.events.get(), Final)
    ear.hearing.close()


async def test_finishing_sends_what_is_left_and_half_closes():
    ear = Ear()
    ear.feed(1)
    ear.hearing.finish()
    assert len(ear.streams[0].fed) == 160
    assert ear.streams[0].finished
    assert isinstance(await ear.events.get(), StreamClosed)


async def test_a_half_closed_stream_is_told_all_that_was_held_for_it(monkeypatch):
    monkeypatch.setattr("stt.streaming.transcriber.BURST_MS", 100)
    monkeypatch.setattr("stt.streaming.transcriber.PACE_EVERY_S", 0.001)
    ear = Ear()
    ear.feed(12)
    old = ear.streams[0]
    old.opens()
    told = len(old.fed)
    ear.hearing.renew(240, [])
    while not isinstance(await ear.events.get(), StreamClosed):
        assert not ear.streams[1].fed
    assert told < len(old.fed) == 12 * 160


async def test_the_border_between_streams_moves_while_the_old_one_has_its_say():
    ear = Ear()
    ear.feed(8)
    ear.streams[0].finish = lambda: None
    ear.hearing.pause(160)
    ear.hearing.resume([(80, FRAME), (100, FRAME)], 100)
    assert [(await ear.events.get()) for _ in range(2)] == [StreamRenewed(0, 160), StreamRenewed(0, 100)]
    ear.hearing.finish()
    assert ear.streams[1].fed == 2 * FRAME
    ear.hearing.close()


async def test_the_border_stays_where_it_was_once_the_old_stream_has_said_a_final():
    ear = Ear()
    ear.feed(8)
    old = ear.streams[0]
    old.finish = lambda: None
    ear.hearing.pause(160)
    old.deliver(Final((Word("a"),), 20))
    ear.hearing.resume([(80, FRAME)], 100)
    old.deliver(StreamClosed(0))
    assert [await ear.events.get() for _ in range(3)] == [
        StreamRenewed(0, 160),
        Final((Word("a"),), 20),
        StreamClosed(0),
    ]
    ear.hearing.close()


async def test_only_the_first_stream_and_one_after_a_failure_are_news(caplog):
    caplog.set_level(logging.INFO)
    ear = Ear()

    def started():
        return caplog.text.count("✅ [STT] Streaming started (attempt 1)")

    (await ear.opened.get()).opens()
    assert started() == 1
    ear.feed(4)
    ear.hearing.renew(80, [])
    (await ear.opened.get()).opens()
    assert started() == 1
    ear.streams[1].deliver(Interim(("שלום",), 80))
    ear.streams[1].deliver(StreamClosed(0, RecognizerError("unavailable")))
    (await ear.opened.get()).opens()
    assert started() == 2
