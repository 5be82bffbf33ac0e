"""What who watches is shown of a call and of its process."""

import asyncio
from types import SimpleNamespace

from calls.core.status import SILENT_LINE_MS, UNHEARD_SHOWN_MS, LineActivity, RecognizerActivity
from calls.process import heartbeat
from calls.process.alarm_monitor import AlarmMonitor
from calls.process.heartbeat import Heartbeat, status_of
from calls.process.loop_lag import LoopLag
from stt.events import RecognizerError, StreamingLost, StreamOpened
from tests.calls.core.test_session import SID, Call
from tests.sounds import silence, speech
from voiceapp.runtime import metrics
from voiceapp.runtime.this_process import PROCESS


def look(call):
    return call.session.look(call.now_ms)


def test_a_line_is_shown_as_listening_speaking_or_hearing_nothing():
    call = Call(deaf_after_ms=30_000)
    call.play(silence(500))
    assert look(call).shows is LineActivity.LISTENING
    call.play(speech(600))
    assert look(call).shows is LineActivity.SPEAKING
    call.play(speech(UNHEARD_SHOWN_MS))
    assert look(call).shows is LineActivity.NOTHING
    call.says("שלום לך")
    assert look(call).shows is LineActivity.SPEAKING
    call.now_ms += SILENT_LINE_MS
    assert look(call).shows is LineActivity.NOTHING


def test_a_deaf_stream_is_shown_until_words_come_again():
    call = Call(deaf_after_ms=2000)
    call.play(silence(10_000) + speech(2600))
    assert look(call).hears is RecognizerActivity.DEAF
    call.hear(StreamOpened(1, 1))
    assert look(call).hears is RecognizerActivity.DEAF
    call.says("שלום")
    assert (look(call).hears, look(call).results) == (RecognizerActivity.STREAM, 1)


def test_a_lost_engine_and_streaming_that_is_off_are_told_apart():
    call = Call()
    call.hear(StreamingLost(RecognizerError("unavailable")))
    assert look(call).hears is RecognizerActivity.DOWN
    assert look(Call(streaming=False)).hears is RecognizerActivity.ONE_SHOT


def heart(calls, published):
    return Heartbeat(
        calls,
        updates=SimpleNamespace(publish=published.put_nowait),
        alarms=AlarmMonitor(),
        loop_lag=LoopLag(),
        trouble=lambda: "",
    )


async def test_a_beat_names_every_call_of_the_process(monkeypatch):
    published, call = asyncio.Queue(), Call()
    running = [SimpleNamespace(call_sid=SID, line="+1", status=call.session.look)]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: call.now_ms / 1000)
    assert [(sid, line) for sid, line, _ in status_of(running, call.now_ms)] == [(SID, "+1")]
    mine = heart(running, published)
    mine.start()
    update = await asyncio.wait_for(published.get(), 5)
    await mine.stop()
    assert update["calls"] == {SID: ["listening", "stream", "", ""]}
    assert (update["process"], update["recogniser"]) == (PROCESS, "up")


async def test_a_beat_that_fails_is_counted_and_the_next_one_comes(monkeypatch):
    monkeypatch.setattr(heartbeat, "EVERY_S", 0)
    published, errors = asyncio.Queue(), [ValueError("what nobody thought of")]
    before = metrics.THREADS_FAILED.labels("pulse")._value.get()

    class Calls:
        def __iter__(self):
            if errors:
                raise errors.pop()
            return iter(())

    mine = heart(Calls(), published)
    mine.start()
    update = await asyncio.wait_for(published.get(), 5)
    await mine.stop()
    assert (update["kind"], metrics.THREADS_FAILED.labels("pulse")._value.get()) == ("process", before + 1)
