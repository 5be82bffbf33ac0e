"""The socket of every vendor: what it does whoever is at the other end."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from stt.engines import sockets
from stt.engines.base import Capabilities
from stt.engines.socket_dialogue import SocketDialogue
from stt.engines.sockets import Address, converse, translate
from stt.engines.task_stream import TaskStream
from stt.engines.vendor_capabilities import DEEPGRAM
from stt.events import Final, StreamClosed, Word
from tests.waiting import PATIENCE_S


class Echo(SocketDialogue):
    """Each text that comes is a final; ``bye`` is the last word."""

    def ending(self):
        return ["end"]

    def heard(self, message):
        self.done = message == "bye"
        yield Final((Word(str(message)),), None)


@asynccontextmanager
async def vendor(talk, **options):
    async with serve(talk, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield Address(f"ws://127.0.0.1:{port}/", {"Authorization": "Token secret-key-1"})


async def hear(address, pieces=(b"x" * 160,), dialogue=None, finish=True):
    events: asyncio.Queue = asyncio.Queue()
    stream = TaskStream(
        lambda stream: converse(stream, address, dialogue or Echo()), events.put_nowait, DEEPGRAM, translate
    )
    for piece in pieces:
        stream.feed(piece)
    if finish:
        stream.finish()
    heard = [await events.get()]
    while not isinstance(heard[-1], StreamClosed):
        heard.append(await events.get())
    return heard


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_a_stream_says_opened_what_it_hears_and_closed():
    async def talk(socket):
        assert socket.request.headers["Authorization"] == "Token secret-key-1"
        assert await socket.recv() == b"x" * 160
        assert await socket.recv() == "end"
        await socket.send("bye")
        await socket.wait_closed()

    async def scenario():
        async with vendor(talk) as address:
            opened, final, closed = await hear(address)
            assert final.words[0].text == "bye" and closed.error is None

    run(scenario())


def test_a_key_is_not_taken_to_where_a_redirect_points(caplog):
    asked = []

    async def elsewhere(socket):
        asked.append(socket)

    async def scenario():
        async with vendor(elsewhere) as other:

            def move(connection, request):
                response = connection.respond(302, "moved")
                response.headers["Location"] = other.url
                return response

            async with vendor(elsewhere, process_request=move) as address:
                (closed,) = await hear(address)
                return closed.error

    assert run(scenario()).code == "aborted"
    assert asked == []


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1013])
def test_a_close_before_the_last_word_is_an_error(code):
    async def talk(socket):
        await socket.recv()
        await socket.close(code, "why")

    async def scenario():
        async with vendor(talk) as address:
            return (await hear(address, finish=False))[-1].error

    expected = {1000: "stream_cut", 1001: "stream_cut", 1011: "internal", 1013: "unavailable"}
    assert run(scenario()).code == expected[code]


def test_a_connection_that_breaks_is_one_that_is_away():
    async def talk(socket):
        await socket.recv()
        socket.transport.abort()

    async def scenario():
        async with vendor(talk) as address:
            return (await hear(address, finish=False))[-1].error

    assert (run(scenario()).code, run(scenario()).permanent) == ("unavailable", False)


def test_a_vendor_that_takes_no_audio_holds_the_stream_back_until_it_is_stuck(monkeypatch):
    monkeypatch.setattr("stt.engines.task_stream.MAX_QUEUED_MESSAGES", 20)

    async def talk(socket):
        await asyncio.sleep(5)

    async def scenario():
        async with vendor(talk, max_queue=1) as address:
            events: asyncio.Queue = asyncio.Queue()
            can = Capabilities(**{name: getattr(DEEPGRAM, name) for name in Capabilities.__slots__})
            stream = TaskStream(lambda stream: converse(stream, address, Echo()), events.put_nowait, can, translate)
            await events.get()
            for _ in range(2000):
                stream.feed(b"x" * 8000)
                await asyncio.sleep(0)
                if not events.empty():
                    break
            return (await events.get()).error

    assert run(scenario()).code == "stream_stuck"


def test_a_last_word_that_never_comes_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr(sockets, "LAST_WORD_TIMEOUT_S", 0.1)

    async def talk(socket):
        await socket.wait_closed()

    async def scenario():
        async with vendor(talk) as address:
            return (await hear(address))[-1].error

    assert run(scenario()).code == "deadline_exceeded"


def test_a_vendor_that_does_not_answer_the_handshake_is_away(monkeypatch):
    monkeypatch.setattr(sockets, "CONNECT_TIMEOUT_S", 0.1)

    async def mute(reader, writer):
        await reader.read()
        writer.close()

    async def scenario():
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        async with server:
            address = Address(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            (closed,) = await hear(address)
            return closed.error

    assert run(scenario()).code == "unavailable"


def test_a_close_ends_the_connection_at_once():
    gone = asyncio.Event()

    async def talk(socket):
        await socket.wait_closed()
        gone.set()

    async def scenario():
        async with vendor(talk) as address:
            events: asyncio.Queue = asyncio.Queue()
            stream = TaskStream(
                lambda stream: converse(stream, address, Echo()), events.put_nowait, DEEPGRAM, translate
            )
            await events.get()
            stream.close()
            await asyncio.wait_for(gone.wait(), PATIENCE_S)
            assert events.empty()

    run(scenario())


def test_keys_are_taken_out_of_what_is_shown():
    address = Address("wss://api.example.org/", {"Authorization": "Token abcdef123456", "X-Other": "short"})
    assert address.without_keys("bad key abcdef123456, Token") == "bad key …, Token"
    assert "abcdef" not in repr(address)
