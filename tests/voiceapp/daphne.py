"""The project's server without sockets: a connection is a transport that a test writes to and reads."""

import asyncio

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from voiceapp.server.http_requests import RequestFactory
from voiceapp.server.websocket import SocketServer


class Transport(StringTransport):
    was_reset = False

    def abortConnection(self):
        self.was_reset = True
        super().abortConnection()


class Connection:
    """One client's, to a server of its own unless it is given another one's."""

    def __init__(self, application, server=None):
        if server is None:
            server = SocketServer(application, endpoints=["tcp:0"])
            server.connections = {}  # as run() begins
        self.server = server
        self.transport = Transport()
        self.protocol = RequestFactory(server).buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        self.clock = Clock()
        self.protocol._channel.callLater = self.clock.callLater

    def receives(self, data):
        self.protocol.dataReceived(data)

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
