"""The short way of a media message gives what autobahn's long way gives, and leaves it all that it must judge."""

import asyncio
import base64
from unittest import mock

import pytest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from websockets.frames import Close, Frame, Opcode

from voiceapp.runtime import metrics
from voiceapp.server import websocket
from voiceapp.server.websocket import (
    MOST_BYTES,
    MOST_CONTROLS,
    MOST_MESSAGES,
    MOST_UNANSWERED_BYTES,
    POLICY_VIOLATION,
    WEIGHED_EVERY,
    Inbox,
    Socket,
)

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


class Peer:
    """What a socket asks its channel about."""

    is_unread = False
    was_let_in = False

    def let_in(self):
        self.was_let_in = True


class Line:
    """A socket after its handshake; ``says`` is what reaches the application."""

    def __init__(self, protocol, server=None, *, accepted=True):
        factory = WebSocketFactory(server or Server())
        factory.protocol = protocol
        factory.setProtocolOptions(maxMessagePayloadSize=65_536, maxFramePayloadSize=65_536, openHandshakeTimeout=0)
        self.protocol = factory.buildProtocol(None)
        self.protocol._raw_query_string = b""
        self.protocol.channel = Peer()
        self.transport = StringTransport()
        self.transport.registerProducer(object(), True)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(HANDSHAKE)
        if accepted:
            self.protocol.serverAccept()

    def says(self, *chunks):
        for chunk in chunks:
            self.protocol.dataReceived(chunk)
        queue = self.protocol.server.queue
        messages = [queue.get_nowait() for _ in range(queue.qsize())]
        return [message for message in messages if message["type"] != "websocket.connect"]


class InboxServer(Server):
    """daphne with the project's own inbox; on the running loop."""

    def create_application(self, protocol, scope):
        self.queue = Inbox(asyncio.get_running_loop(), protocol.hold, protocol.go_on)
        return self.queue


def unbounded():
    return Inbox(asyncio.get_running_loop(), lambda: pytest.fail("held"), lambda: pytest.fail("went on"))


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


def test_who_is_let_in_counts_as_a_stranger_no_more():
    assert Line(Socket).protocol.channel.was_let_in
    assert not Line(Socket, accepted=False).protocol.channel.was_let_in


def test_an_honest_ping_is_answered_and_a_flood_is_closed():
    line = Line(Socket)
    line.says(frame(b"1", Opcode.PING))
    assert line.transport.value().endswith(Frame(Opcode.PONG, b"1").serialize(mask=False))
    line.says(*[frame(b"1", kind) for kind in (Opcode.PING, Opcode.PONG)] * MOST_CONTROLS)
    assert line.protocol.state == WebSocketProtocol.STATE_CLOSING
    assert line.transport.value().endswith(Close(POLICY_VIOLATION, "").serialize())
    pongs = line.transport.value().count(Frame(Opcode.PONG, b"1").serialize(mask=False))
    assert pongs <= MOST_CONTROLS


def test_pings_over_a_long_call_are_no_flood(monkeypatch):
    line = Line(Socket)
    now_s = 0.0
    monkeypatch.setattr(websocket.time, "monotonic", lambda: now_s)
    for _ in range(3 * MOST_CONTROLS):
        now_s += 1
        line.says(frame(b"1", Opcode.PING))
    assert line.protocol.state == WebSocketProtocol.STATE_OPEN


def test_who_reads_nothing_gets_no_answers_to_its_pings():
    line = Line(Socket)
    line.protocol.channel.is_unread = True
    line.transport.clear()
    line.says(frame(b"1", Opcode.PING))
    assert line.transport.value() == b""


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
    inbox = unbounded()
    inbox.put_nowait({"n": 1})
    inbox.put_nowait({"n": 2})
    assert [await inbox.get(), await inbox.get()] == [{"n": 1}, {"n": 2}]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"n": 3})
    inbox.put_nowait({"n": 4})
    assert [await waiting, await inbox.get()] == [{"n": 3}, {"n": 4}]


async def test_a_reader_that_was_given_up_takes_no_message_with_it():
    inbox = unbounded()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    waiting.cancel()
    inbox.put_nowait({"n": 1})
    await asyncio.gather(waiting, return_exceptions=True)
    assert await inbox.get() == {"n": 1}


class HeldLine(Line):
    """A socket with the project's own inbox, whose application reads when it is told to."""

    def __init__(self, *, accepted=True):
        super().__init__(Socket, InboxServer(), accepted=accepted)
        self.inbox = self.protocol.server.queue

    @property
    def reads(self):
        return self.transport.producerState == "producing"

    def receives(self, data):
        """As from a network, which keeps what is not read."""
        assert self.reads
        self.protocol.dataReceived(data)

    async def texts(self, count):
        said = [await self.inbox.get() for _ in range(count)]
        return [message["text"] for message in said if message["type"] == "websocket.receive"]

    async def rest(self):
        """The application waits for more, and what its waiting has caused is done."""
        waiting = asyncio.ensure_future(self.inbox.get())
        for _ in range(3):
            await asyncio.sleep(0)
        return waiting


async def test_a_socket_whose_application_is_behind_is_not_read_until_it_has_caught_up():
    held = metrics.SOCKETS_HELD._value.get()
    line = HeldLine()
    said = [f"{n} {MEDIA}" for n in range(3 * MOST_MESSAGES)]
    line.receives(b"".join(map(frame, said)))
    assert not line.reads
    assert len(line.inbox._messages) == MOST_MESSAGES
    assert metrics.SOCKETS_HELD._value.get() == held + 1
    assert await line.texts(1 + len(said)) == said
    await line.rest()
    assert line.reads and line.protocol.data == b""


async def test_long_messages_are_weighed():
    line = HeldLine()
    line.receives(b"".join(frame("w" * 60_000) for _ in range(3 * WEIGHED_EVERY)))
    assert not line.reads
    assert len(line.inbox._messages) == WEIGHED_EVERY
    assert MOST_BYTES <= WEIGHED_EVERY * 60_000


async def test_what_is_sent_before_a_socket_is_let_in_waits_and_is_not_much():
    line = HeldLine(accepted=False)
    said = [f"{n} {MEDIA}" for n in range(1000)]
    waiting = b"".join(map(frame, said))
    sent = 0
    while line.reads:
        line.receives(waiting[sent : sent + 10_000])
        sent += 10_000
    assert len(line.protocol.data) <= MOST_UNANSWERED_BYTES + 10_000
    line.protocol.serverAccept()
    line.transport.resumeProducing()
    line.protocol.dataReceived(waiting[sent:])
    assert await line.texts(1 + len(said)) == said


async def test_no_second_request_comes_before_the_answer_to_the_first():
    line = HeldLine(accepted=False)
    line.receives(HANDSHAKE)
    line.protocol.serverAccept()
    assert line.transport.value().count(b"HTTP/1.1 ") == 1
    assert line.protocol.state != Socket.STATE_OPEN


async def test_what_comes_all_the_same_is_kept_and_not_taken():
    line = HeldLine()
    line.receives(frame(MEDIA) * (MOST_MESSAGES + 1))
    line.transport.resumeProducing()  # as HTTP's channel does once a slow peer has taken what was written
    line.receives(frame(MEDIA))
    assert not line.reads
    assert len(line.inbox._messages) == MOST_MESSAGES
    assert await line.texts(MOST_MESSAGES + 3) == [MEDIA] * (MOST_MESSAGES + 2)


async def test_a_full_inbox_hears_that_its_socket_is_gone_and_does_not_read_it_again():
    line = HeldLine()
    line.receives(frame(MEDIA) * 2 * MOST_MESSAGES)
    line.protocol.connectionLost(Failure(ConnectionDone()))
    said = [(await line.inbox.get())["type"] for _ in range(1 + MOST_MESSAGES)]
    assert said[-1] == "websocket.disconnect"
    await line.rest()
    assert not line.reads


@given(st.lists(st.integers(0, 400), max_size=40), st.integers(1, 700), st.integers(2, 5), st.booleans())
def test_a_socket_that_is_held_again_and_again_loses_nothing(lengths, cut, most, accepted):
    said = [f"{n} ".ljust(length, "x") for n, length in enumerate(lengths)]
    data = b"".join(map(frame, said))

    async def read():
        line, heard, sent = HeldLine(accepted=accepted), [], 0
        if not accepted:
            while line.reads and sent < len(data):
                line.receives(data[sent : (sent := sent + cut)])
            line.protocol.serverAccept()
        while len(heard) < 1 + len(said):
            if line.reads and sent < len(data):
                line.receives(data[sent : (sent := sent + cut)])
            assert len(line.inbox._messages) <= most
            waiting = await line.rest()
            if waiting.done():
                heard.append(waiting.result())
            else:
                waiting.cancel()
        return [message["text"] for message in heard[1:]]

    with mock.patch.multiple(websocket, MOST_MESSAGES=most, WEIGHED_EVERY=1, MOST_UNANSWERED_BYTES=100):
        assert asyncio.run(read()) == said


@pytest.mark.parametrize("text", ["", MEDIA, "ש" * 200, "f" * 66_000])
def test_both_ways_send_the_same(text):
    sent = []
    for protocol in (WebSocketProtocol, Socket):
        line = Line(protocol)
        line.protocol.maxMessagePayloadSize = 0
        line.transport.clear()
        line.protocol.handle_reply({"type": "websocket.send", "text": text})
        sent.append((line.transport.value(), line.protocol.trafficStats.outgoingOctetsWireLevel))
    assert sent[0] == sent[1]


def test_what_is_sent_makes_no_debug_line(monkeypatch):
    line = Line(Socket)
    monkeypatch.setattr(WebSocketProtocol, "sendData", lambda *_: pytest.fail("the long way"))
    line.protocol.handle_reply({"type": "websocket.send", "text": MEDIA})
    assert line.transport.value().endswith(MEDIA.encode())
