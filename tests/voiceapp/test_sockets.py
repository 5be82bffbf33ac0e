"""The short way of a media message gives what autobahn's long way gives, and leaves it all that it must judge."""

import asyncio
import base64

import pytest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from websockets.frames import Frame, Opcode

from voiceapp.sockets import Inbox, Socket

HANDSHAKE = (
    b"GET /ws/twilio/x HTTP/1.1\r\nHost: voice.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
MEDIA = '{"event":"media","media":{"payload":"' + "f" * 216 + '"}}'


class Server:
    """What a protocol needs of daphne's."""

    root_path = ""
    proxy_forwarded_address_header = None

    def __init__(self):
        self.queue = asyncio.Queue()

    def create_application(self, protocol, scope):
        return self.queue

    def protocol_connected(self, protocol):
        pass

    def protocol_disconnected(self, protocol):
        pass

    def log_action(self, *details):
        pass


class Line:
    """A socket after its handshake; ``says`` is what reaches the application."""

    def __init__(self, protocol):
        factory = WebSocketFactory(Server())
        factory.protocol = protocol
        factory.setProtocolOptions(maxMessagePayloadSize=65_536, maxFramePayloadSize=65_536, openHandshakeTimeout=0)
        self.protocol = factory.buildProtocol(None)
        self.protocol._raw_query_string = b""
        self.transport = StringTransport()
        self.transport.registerProducer(object(), True)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(HANDSHAKE)
        self.protocol.serverAccept()

    def says(self, *chunks):
        for chunk in chunks:
            self.protocol.dataReceived(chunk)
        queue = self.protocol.server.queue
        messages = [queue.get_nowait() for _ in range(queue.qsize())]
        return [message for message in messages if message["type"] != "websocket.connect"]


def frame(text, opcode=Opcode.TEXT, *, fin=True, mask=True):
    return Frame(opcode, text if isinstance(text, bytes) else text.encode(), fin).serialize(mask=mask)


def test_a_media_message_is_handed_on_without_autobahn(monkeypatch):
    line = Line(Socket)
    monkeypatch.setattr(WebSocketProtocol, "processData", lambda self: pytest.fail("the long way"))
    assert line.says(frame(MEDIA) + frame(MEDIA)) == [{"type": "websocket.receive", "text": MEDIA}] * 2


@given(
    st.lists(
        st.tuples(
            st.one_of(st.text(max_size=300), st.just(MEDIA), st.just("ש" * 200)),
            st.sampled_from(["whole", "pieces", "ping", "binary"]),
        ),
        max_size=5,
    ),
    st.integers(1, 700),
)
def test_both_ways_give_the_same(said, cut):
    data = b""
    for text, kind in said:
        if kind == "pieces":
            middle = len(text) // 2
            data += frame(text[:middle], fin=False) + frame(text[middle:], Opcode.CONT)
        elif kind == "ping":
            data += frame(text.encode()[:100], Opcode.PING)
        else:
            data += frame(text, Opcode.BINARY if kind == "binary" else Opcode.TEXT)
    chunks = [data[at : at + cut] for at in range(0, len(data), cut)]
    short, long = Line(Socket), Line(WebSocketProtocol)
    assert short.says(*chunks) == long.says(*chunks)
    assert short.transport.value() == long.transport.value()


@pytest.mark.parametrize(
    "bad",
    [
        frame(MEDIA, mask=False),
        b"\xc1" + frame(MEDIA)[1:],
        frame(b"\xff" * 200),
        frame(MEDIA, Opcode.CONT),
        b"\x81\xfe\x00\x05abcd12345",
    ],
    ids=["unmasked", "reserved bit", "no utf-8", "a continuation of nothing", "a length that is too long"],
)
def test_what_is_malformed_is_judged_as_ever(bad):
    short, long = Line(Socket), Line(WebSocketProtocol)
    assert short.says(bad, frame(MEDIA)) == long.says(bad, frame(MEDIA))
    assert short.protocol.state == long.protocol.state != WebSocketProtocol.STATE_OPEN


async def test_an_inbox_gives_what_was_put_in_order_and_waits_for_what_comes():
    inbox = Inbox(asyncio.get_running_loop())
    inbox.put_nowait({"n": 1})
    inbox.put_nowait({"n": 2})
    assert [await inbox.get(), await inbox.get()] == [{"n": 1}, {"n": 2}]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"n": 3})
    inbox.put_nowait({"n": 4})
    assert [await waiting, await inbox.get()] == [{"n": 3}, {"n": 4}]


async def test_a_reader_that_was_given_up_takes_no_message_with_it():
    inbox = Inbox(asyncio.get_running_loop())
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    waiting.cancel()
    inbox.put_nowait({"n": 1})
    await asyncio.gather(waiting, return_exceptions=True)
    assert await inbox.get() == {"n": 1}
