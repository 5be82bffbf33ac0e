"""The project's server without sockets: a connection is a transport that a test writes to and reads."""

import asyncio

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from voiceapp.server.http_requests import RequestFactory
from voiceapp.server.websocket import SocketServer


class Transport(StringTransport):
    was_reset = False

    def abortConnection(self):
        self.was_reset = True
        super().abortConnection()


class Connection:
    """One client's, to a server of its own unless it is given another one's. ``protocol`` is None if it was refused."""

    def __init__(self, application, server=None, source="192.0.2.1"):
        if server is None:
            server = SocketServer(application, endpoints=["tcp:0"])
            server.connections = {}  # as run() begins
        self.server = server
        peer = IPv4Address("TCP", source, 40_000)
        self.transport = Transport(peerAddress=peer)
        self.protocol = RequestFactory(server).buildProtocol(peer)
        self.clock = Clock()
        if self.protocol is not None:
            self.protocol.callLater = self.clock.callLater
            self.protocol.makeConnection(self.transport)

    def receives(self, data):
        self.protocol.dataReceived(data)

    def goes(self):
        """As a real transport says that it has ended."""
        if self.transport.producer is not None:  # as it is where we have closed it
            self.transport.producer.stopProducing()
        self.protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def applications(self):
        return [
            one["application_instance"] for one in self.server.connections.values() if "application_instance" in one
        ]

    async def answer(self):
        await asyncio.wait_for(asyncio.gather(*self.applications), 5)
        return self.transport.value()

    def was_reset(self):
        return self.transport.was_reset


async def turns(count=50):
    for _ in range(count):
        await asyncio.sleep(0)
