"""HTTP requests under daphne: their bodies are bounded, and an answer that fails half-way resets its connection.

daphne takes a body of any length, Twisted parses its form on the loop, and then all of it is queued at once: an
unsigned POST of 400 MB stopped every call for seconds. Here Content-Length is checked as soon as the headers are there,
a chunked body is counted as it comes, and a body that is too long gets 413 and is read no further. Nor may a request
take for ever: Twisted's idle time-out begins anew with every byte.
"""

from __future__ import annotations

import io
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from voiceapp.runtime import metrics

PAGES = (b"/admin/", b"/console/", b"/desk/", b"/review/", b"/i18n/")
"""To the letter: whatever else an address is written like, a webhook's among them, gets the lower bound."""
MOST_WEBHOOK_BYTES = 64 << 10
MOST_PAGE_BYTES = 1 << 20
RECEIVE_S = 30.0
"""From a request's first line to the end of its body. Not a WebSocket's messages: its request ends with its headers."""
LINGER_S = 1.0
"""How long a sender has to read its 413: an immediate reset could discard it."""
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Request(WebRequest):
    """One request, and its answer."""

    refused = False
    """The body was too long, or too slow: nothing more is read or kept."""
    channel: Any
    content: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It would be parsed on the loop, 0.2 s for a megabyte, into ``args`` that nobody reads.
        self._parsePOSTFormSubmission = False
        self._late: Any = self.channel.callLater(RECEIVE_S, self._refuse, TOO_SLOW)

    def gotLength(self, length: int | None) -> None:
        """The headers have come; ``length`` is None for a chunked body."""
        self._most_bytes = MOST_PAGE_BYTES if self.channel._path.startswith(PAGES) else MOST_WEBHOOK_BYTES
        self._received_bytes = 0
        if length is not None and length > self._most_bytes:
            self._refuse(TOO_LARGE)
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        if self.refused:
            return
        self._received_bytes += len(data)
        if self._received_bytes > self._most_bytes:
            self._refuse(TOO_LARGE)
        else:
            super().handleContentChunk(data)

    def process(self) -> None:
        """All of it has come."""
        if self.refused:
            return
        self._is_received()
        # daphne believes it from any client; no proxy of ours sets it.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        if not all(map(bytes.isascii, self.requestHeaders.getRawHeaders(b"Sec-WebSocket-Protocol", ()))):
            self.basic_error(400, b"Bad Request", "Invalid header value")
            return
        super().process()

    def handle_exception(self, exception: BaseException | None) -> None:
        """The application has failed: answer 500; reset the connection if a part of the answer was sent, for nothing
        else would tell its reader."""
        if self._response_started:
            self.abort()
        else:
            super().handle_exception(exception)

    def connectionLost(self, reason: Any) -> None:
        self._is_received()
        super().connectionLost(reason)

    def abort(self) -> None:
        """Reset the connection."""
        if self.channel is not None:
            self.channel.transport.abortConnection()

    def _is_received(self) -> None:
        """Or never will be."""
        if self._late.active():
            self._late.cancel()

    def _refuse(self, answer: bytes) -> None:
        self.refused = True
        self._is_received()
        metrics.BODIES_REFUSED.inc()
        if self.content is not None:
            self.content.close()
        self.content = io.BytesIO()
        # Twisted would answer it with 100 Continue.
        self.requestHeaders.removeHeader(b"Expect")
        transport = self.channel.transport
        transport.write(answer)
        transport.pauseProducing()
        self.channel.callLater(LINGER_S, transport.abortConnection)


class RequestFactory(HTTPFactory):
    """daphne's, for ``Request``."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol
