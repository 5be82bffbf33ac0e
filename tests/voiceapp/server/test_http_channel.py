"""A connection's time, and what it may leave unread."""

import asyncio
import base64

import pytest
from daphne.ws_protocol import WebSocketFactory

from tests.voiceapp.daphne import Connection, turns
from voiceapp.server.connection_limits import MAX_OF_SOURCE
from voiceapp.server.http_channel import BODY_S, HEADERS_S, UNREAD_S
from voiceapp.server.http_requests import LINGER_S
from voiceapp.server.websocket import Socket

HEAD = b"POST /admin/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"GET /ws/live/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)


async def answers(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def accepts(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


async def goes_on_for_ever(scope, receive, send):
    await asyncio.Event().wait()


def dribble(connection, head, piece, for_s):
    """The head, and then a little in every tenth of the time; over just before it is."""
    connection.receives(head)
    for _ in range(10):
        connection.receives(piece)
        connection.clock.advance(for_s / 10 - 0.001)


@pytest.mark.parametrize(
    ("head", "piece", "for_s"),
    [
        (b"POST /twilio/voice HTTP/1.1\r\n", b"X: y\r\n", HEADERS_S),
        (HEAD, b"b", BODY_S),
        (CHUNKED, b"1\r\nb\r\n", BODY_S),
    ],
    ids=["headers", "a body", "a body in chunks"],
)
async def test_a_request_that_comes_a_little_at_a_time_is_refused(head, piece, for_s):
    connection = Connection(answers)
    dribble(connection, head, piece, for_s)
    assert connection.transport.value() == b""
    connection.clock.advance(0.1)
    assert connection.transport.value().startswith(b"HTTP/1.1 408 ")
    connection.clock.advance(LINGER_S)
    assert connection.was_reset()
    assert not connection.applications


@pytest.mark.parametrize("head", [b"", b"GET"], ids=["nothing", "half a line"])
async def test_who_asks_for_nothing_is_closed(head):
    connection = Connection(answers)
    connection.receives(head)
    connection.clock.advance(HEADERS_S - 0.1)
    assert not connection.transport.disconnecting
    connection.clock.advance(0.1)
    assert connection.transport.disconnecting


async def test_a_connection_that_stays_has_the_same_time_for_each_request():
    connection = Connection(answers)
    for _ in range(3):
        connection.clock.advance(HEADERS_S - 1)
        connection.receives(GET)
        await connection.answer()
    connection.clock.advance(HEADERS_S)
    assert connection.transport.value().count(b" 200 OK") == 3
    assert connection.transport.disconnecting


async def test_an_answer_has_all_the_time_that_it_takes():
    goes_on = asyncio.Event()

    async def slow(scope, receive, send):
        await goes_on.wait()
        await answers(scope, receive, send)

    connection = Connection(slow)
    connection.receives(GET)
    connection.clock.advance(10 * (HEADERS_S + BODY_S))
    goes_on.set()
    assert b" 200 OK" in await connection.answer()


async def test_a_peer_that_reads_nothing_is_left_and_one_that_reads_slowly_is_not():
    connection = Connection(goes_on_for_ever)
    connection.receives(GET)
    channel = connection.transport.producer
    for _ in range(3):
        channel.pauseProducing()
        connection.clock.advance(UNREAD_S - 25)
        channel.resumeProducing()
    assert not connection.was_reset()
    channel.pauseProducing()
    connection.clock.advance(UNREAD_S)
    assert connection.was_reset()
    connection.applications[0].cancel()


async def test_a_socket_is_left_by_the_same_rule():
    connection = Connection(accepts)
    connection.server.ws_factory = WebSocketFactory(connection.server)
    connection.server.ws_factory.protocol = Socket
    connection.receives(UPGRADE)
    await turns()
    assert b" 101 " in connection.transport.value()
    assert len(connection.server.limits) == 0
    connection.clock.advance(10 * HEADERS_S)
    assert not connection.was_reset()
    connection.transport.producer.pauseProducing()
    assert connection.transport.protocol.channel.is_unread
    connection.clock.advance(UNREAD_S)
    assert connection.was_reset()
    for application in connection.applications:
        application.cancel()


async def test_one_source_too_many_is_refused_and_another_is_not():
    first = Connection(answers)
    those = [first, *(Connection(answers, first.server) for _ in range(MAX_OF_SOURCE - 1))]
    assert Connection(answers, first.server).protocol is None
    assert Connection(answers, first.server, source="192.0.2.2").protocol is not None
    those[1].goes()
    assert Connection(answers, first.server).protocol is not None


async def test_a_connection_that_went_leaves_no_timer():
    connection = Connection(answers)
    connection.receives(HEAD)
    connection.transport.producer.pauseProducing()
    connection.goes()
    assert connection.clock.getDelayedCalls() == []
    assert len(connection.server.limits) == 0


async def test_a_connection_that_we_closed_is_counted_no_more():
    connection = Connection(answers)
    for _ in range(MAX_OF_SOURCE + 1):
        connection = Connection(answers, connection.server)
        connection.receives(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (await connection.answer()).startswith(b"HTTP/1.1 200 ")
        await turns()
        connection.goes()
    assert len(connection.server.limits) == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /admin/calls/call/?q=" + b"%D7%A9" * 2800 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 20_000 + b"\r\n\r\n", b"431 "),
    ],
    ids=["a search", "a header"],
)
def test_a_line_that_is_too_long_is_answered_and_the_connection_closed(head, status):
    connection = Connection(answers)
    connection.receives(head)
    assert connection.transport.value().startswith(b"HTTP/1.1 " + status)
    assert connection.transport.disconnecting
    assert connection.applications == []
