"""The drain takes every step, whatever one of them raises."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from calls.process.services import Services, services, using
from tests.voiceapp.daphne import Connection
from tests.voiceapp.server.test_websocket import InboxServer, Line
from voiceapp.runtime import metrics
from voiceapp.server import serve
from voiceapp.server.websocket import Socket


class Raises:
    def __call__(self, *_):
        raise ZeroDivisionError

    drain = __call__


@pytest.fixture
def steps(monkeypatch, settings):
    """A process with nothing to hear and nothing to write; what is written, in order."""
    settings.DRAIN_TIMEOUT_S = 0
    written = []
    monkeypatch.setattr(serve, "LAST_WORDS_S", 0.0)
    disk = SimpleNamespace(stop=lambda seconds: written.append("recordings"))
    rows = SimpleNamespace(stop=lambda seconds: written.append("rows") or True, start=lambda: None)
    with using(Services(disk=disk, writer=rows)):
        yield written


def errors(step):
    return metrics.DRAIN_ERRORS.labels(step)._value.get()


async def test_sockets_are_closed_and_handshakes_refused_whatever_one_of_them_raises(steps, monkeypatch):
    raises, waits, talks = (Line(Socket, InboxServer(), accepted=accepted) for accepted in (True, False, True))
    monkeypatch.setattr(raises.protocol, "sendCloseFrame", lambda **_: 1 / 0)
    page = Connection(None)
    sockets = {line.protocol: {} for line in (raises, waits, talks)}
    talks.transport.clear()
    before = errors("socket")
    assert await serve._drain(SimpleNamespace(connections={page.protocol: {}, **sockets}), services()) is True
    assert errors("socket") == before + 1
    assert waits.transport.value().startswith(b"HTTP/1.1 503 ")
    assert talks.transport.value() == b"\x88\x02\x03\xf4"
    assert steps == ["recordings", "rows"]


async def test_a_call_that_cannot_be_ended_keeps_no_other_from_it(steps, monkeypatch):
    ended = []
    for call in (Raises(), SimpleNamespace(drain=lambda: ended.append(2))):
        services().calls.add(asyncio.get_running_loop().create_future(), call)
    monkeypatch.setattr(serve, "_wait_for_calls", Raises())
    before = errors("call")
    assert await serve._drain(SimpleNamespace(connections={}), services()) is True
    assert errors("call") == before + 1
    assert ended == [2]


async def test_a_line_that_speaks_is_heard_to_the_end_of_its_sentence_before_its_socket_is_closed(steps):
    order = []

    async def speak():
        for _ in range(3):
            await asyncio.sleep(0)
        order.append("heard")

    talks = Line(Socket, InboxServer(), accepted=True)
    talks.protocol.sendCloseFrame = lambda **_: order.append("closed")
    call = SimpleNamespace(drain=lambda: asyncio.get_running_loop().create_task(speak()))
    pump = asyncio.get_running_loop().create_future()
    services().calls.add(pump, call)
    await serve._drain(SimpleNamespace(connections={talks.protocol: {}}), services())
    pump.cancel()
    assert order == ["heard", "closed"]


@pytest.mark.parametrize("fails", ["recordings", "rows"])
async def test_what_cannot_be_written_is_no_reason_to_stay(steps, monkeypatch, fails):
    part = services().disk if fails == "recordings" else services().writer
    monkeypatch.setattr(part, "stop", Raises())
    before = errors(fails)
    assert await serve._drain(SimpleNamespace(connections={}), services()) is (fails != "rows")
    assert errors(fails) == before + 1


async def test_a_drain_that_fails_ends_the_process_with_1(monkeypatch):
    codes = []
    monkeypatch.setattr(serve, "_drain", Raises())
    monkeypatch.setattr(serve.os, "_exit", codes.append)
    with pytest.raises(ZeroDivisionError):
        await serve._drain_and_exit(None, None)
    assert codes == [1]


async def test_pages_that_wait_keep_no_drain_from_its_end(steps):
    goes_on = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    page = loop.run_in_executor(None, goes_on.wait)
    try:
        assert await asyncio.wait_for(serve._drain(SimpleNamespace(connections={}), services()), 10) is True
    finally:
        goes_on.set()
        await page
    assert steps == ["recordings", "rows"]
