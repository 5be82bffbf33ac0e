"""A long answer is sent no faster than it is read."""

import asyncio

from daphne.http_protocol import HTTPFactory
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from voiceapp.server.http_backpressure import PacedServer

PIECE = b"a" * 1000


class Reader:
    """A client whose transport's buffer is full with the third piece."""

    def __init__(self, pieces=10):
        self.sent = 0
        self.pieces = pieces
        server = PacedServer(self.application, endpoints=["tcp:0"])
        server.connections = {}  # as run() begins
        self.transport = StringTransport()
        self.protocol = HTTPFactory(server).buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: voice.example.org\r\n\r\n")
        (details,) = server.connections.values()
        self.task = details["application_instance"]

    async def application(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in range(self.pieces):
            if piece == 2:
                self.transport.producer.pauseProducing()
            await send({"type": "http.response.body", "body": PIECE, "more_body": piece + 1 < self.pieces})
            self.sent += 1


async def turns(count=50):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_full_buffer_holds_the_application_and_room_lets_it_go_on():
    reader = Reader()
    await turns()
    assert reader.sent == 2
    reader.transport.producer.resumeProducing()
    await asyncio.wait_for(reader.task, 5)
    assert reader.sent == reader.pieces
    assert reader.transport.value().count(PIECE) == reader.pieces
    assert reader.transport.value().endswith(b"0\r\n\r\n")


async def test_a_reader_who_goes_holds_nothing():
    reader = Reader()
    await turns()
    assert not reader.task.done()
    reader.protocol.connectionLost(Failure(ConnectionDone()))
    await asyncio.wait_for(reader.task, 5)


async def test_the_next_request_of_the_connection_is_answered():
    reader = Reader(pieces=2)
    await asyncio.wait_for(reader.task, 5)
    reader.protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: voice.example.org\r\n\r\n")
    await turns()
    assert reader.transport.value().count(b"HTTP/1.1 200") == 2
    assert reader.sent == 2 * reader.pieces
