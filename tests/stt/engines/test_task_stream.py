"""A stream that is one coroutine: its audio, its one end, its silence afterwards."""

import asyncio
from dataclasses import replace

import pytest

from stt.engines import task_stream
from stt.engines.task_stream import TaskStream
from stt.events import Final, RecognizerError, StreamClosed, StreamOpened
from tests.fakes import CAPABILITIES


def run(converse, act, *, message_bytes=8000, translate=lambda _: None):
    """What a stream with this conversation says while ``act`` uses it, and a little later."""

    async def scenario():
        events = []
        stream = TaskStream(converse, events.append, replace(CAPABILITIES, message_bytes=message_bytes), translate)
        await act(stream)
        async with asyncio.timeout(5):
            while not stream._task.done():  # noqa: ASYNC110 - it has no event to give
                await asyncio.sleep(0)
        return events

    return asyncio.run(scenario())


async def nothing(stream):
    pass


async def echo(stream):
    """Opens, and gives each message back as a result's end."""
    stream.deliver(StreamOpened(0, 1))
    async for ulaw in stream.audio():
        stream.deliver(Final((), len(ulaw)))


def test_audio_is_cut_into_messages_and_ends_with_the_half_close():
    async def act(stream):
        stream.feed(bytes(2500))
        stream.feed(bytes(10))
        stream.finish()

    events = run(echo, act, message_bytes=1000)
    assert events == [StreamOpened(0, 1), *(Final((), n) for n in (1000, 1000, 500, 10)), StreamClosed(0)]


def test_a_closed_stream_says_nothing_and_takes_nothing():
    async def act(stream):
        stream.feed(bytes(10))
        stream.close()
        stream.close()
        stream.feed(bytes(10))
        stream.finish()

    assert run(echo, act) == []


def test_a_coroutine_that_goes_on_after_close_is_not_heard():
    async def stubborn(stream):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stream.deliver(Final((), 1))

    async def act(stream):
        await asyncio.sleep(0)
        stream.close()

    assert run(stubborn, act) == []


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (RecognizerError("unavailable"), "unavailable"),
        (OSError("of the service"), "service"),
        (KeyError("x"), "engine_error"),
        (asyncio.CancelledError(), "stream_cancelled"),
    ],
)
def test_what_the_conversation_raises_is_the_streams_end(raised, code):
    async def fails(stream):
        raise raised

    events = run(fails, nothing, translate=lambda e: RecognizerError("service") if isinstance(e, OSError) else None)
    assert [(type(event), event.error.code) for event in events] == [(StreamClosed, code)]
    assert events[0].error.__traceback__ is None


def test_a_stream_that_takes_no_audio_ends_once(monkeypatch):
    monkeypatch.setattr(task_stream, "MAX_QUEUED_MESSAGES", 3)

    async def stuck(stream):
        await asyncio.Event().wait()

    async def act(stream):
        for _ in range(6):
            stream.feed(bytes(10))

    assert [event.error.code for event in run(stuck, act)] == ["stream_stuck"]
