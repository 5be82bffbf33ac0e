"""One connection of daphne's, until its end: how long it may take, and how much it may leave unread.

Twisted's idle time-out begins anew with every byte, so that whoever sends one each minute stays for ever; and an answer
that nobody reads stays in memory, with the thread that makes it. Here a request's headers have HEADERS_S from the
connection's beginning or the answer before it, its body BODY_S more, and a peer that does not read what was sent to it
is left after UNREAD_S. The last holds for WebSockets as well: Twisted goes on asking the channel that a socket came by.
"""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

from voiceapp.runtime import metrics

HEADERS_S = 10.0
BODY_S = 20.0
UNREAD_S = 30.0
"""From a full buffer (64 kB) to an empty one: whoever reads 5 kB/s is in time."""

_SAID = b"The address is too long.\n"
ADDRESS_TOO_LONG = (
    b"HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_SAID), _SAID)
)
HEADER_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedChannel(HTTPChannel):
    """One connection. Twisted calls ``connectionMade`` first."""

    abortTimeout: Any = UNREAD_S - HEADERS_S
    """What an answer that is short enough for the buffer has beside HEADERS_S, once its request is over."""
    transport: Any
    factory: Any
    requests: list[Any]
    _handlingRequest: bool
    _unread: Any = None

    @property
    def is_idle(self) -> bool:
        return not self._handlingRequest

    def turn_out(self) -> None:
        self.transport.abortConnection()

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.server.limits.add(self, source_of(self.transport.getPeer()))

    def resetTimeout(self) -> None:
        """A byte gains no time."""

    def lineLengthExceeded(self, line: bytes) -> None:
        """A request's first line, or a header, is longer than Twisted takes (16 kB). Without this it is closed without
        an answer."""
        if not self._handlingRequest:  # else an answer is on its way, and another one would stand inside of it
            self.transport.write(HEADER_TOO_LONG if self.requests else ADDRESS_TOO_LONG)
        self.transport.loseConnection()

    def allHeadersReceived(self) -> None:
        self.setTimeout(BODY_S)
        super().allHeadersReceived()

    def allContentReceived(self) -> None:
        super().allContentReceived()
        # When it is answered, the next one's begin.
        self._savedTimeOut = HEADERS_S

    def timeoutConnection(self) -> None:
        if self.requests:
            self.requests[-1].is_too_slow()
        else:
            super().timeoutConnection()

    def pauseProducing(self) -> None:
        super().pauseProducing()
        if self._unread is None:
            self._unread = self.callLater(UNREAD_S, self._leave)

    def resumeProducing(self) -> None:
        self._is_read()
        super().resumeProducing()

    def stopProducing(self) -> None:
        """The connection has ended, as a WebSocket or not. Not called where we have closed it: Twisted takes the
        producer away first."""
        self._is_read()
        self.let_in()
        super().stopProducing()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended, whoever closed it. Not called of a WebSocket: that has the transport."""
        self._is_read()
        self.let_in()
        super().connectionLost(reason)

    def let_in(self) -> None:
        """As a WebSocket that its application accepted: it is not counted any more."""
        self.factory.server.limits.remove(self)

    @property
    def is_unread(self) -> bool:
        """The peer does not take what it is sent."""
        return self._unread is not None

    def _leave(self) -> None:
        self._unread = None
        metrics.READERS_LEFT.inc()
        self.transport.abortConnection()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class ChannelFactory(HTTPFactory):
    """daphne's, for ``BoundedChannel`` and a request class of the project's."""

    protocol = BoundedChannel
    request: type[WebRequest] = WebRequest

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.timeOut = HEADERS_S

    def buildProtocol(self, addr: Any) -> Any:
        """None, which closes it, where there are too many."""
        refusal = self.server.limits.refusal(source_of(addr))
        if refusal:
            metrics.CONNECTIONS_REFUSED.labels(refusal).inc()
            return None
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = self.request
        return protocol


def source_of(peer: Any) -> str:
    """Its IP address; "" for a unix socket."""
    return str(getattr(peer, "host", ""))
