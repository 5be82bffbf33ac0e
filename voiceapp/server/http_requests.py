"""HTTP requests under daphne: their bodies are bounded, and an answer that fails half-way resets its connection.

daphne takes a body of any length, Twisted parses its form on the loop, and then all of it is queued at once: an
unsigned POST of 400 MB stopped every call for seconds. Here Content-Length is checked as soon as the headers are there,
a chunked body is counted as it comes, and a body that is too long gets 413 and is read no further.
"""

from __future__ import annotations

import io
from typing import Any

from daphne.http_protocol import WebRequest

from voiceapp.runtime import metrics
from voiceapp.server.http_channel import ChannelFactory

PAGES = (b"/account/", b"/admin/", b"/console/", b"/desk/", b"/review/", b"/i18n/")
"""To the letter: whatever else an address is written like, a webhook's among them, gets the lower bound."""
MOST_WEBHOOK_BYTES = 64 << 10
MOST_PAGE_BYTES = 1 << 20
LINGER_S = 1.0
"""How long a sender has to read its 413: an immediate reset could discard it."""
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Request(WebRequest):
    """One request, and its answer."""

    refused = False
    """The body was too long, or too slow: nothing more is read or kept."""
    channel: Any
    """A BoundedChannel, until the connection ends."""
    content: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It would be parsed on the loop, 0.2 s for a megabyte, into ``args`` that nobody reads.
        self._parsePOSTFormSubmission = False

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
        # daphne believes it from any client; no proxy of ours sets it.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        if not all(map(bytes.isascii, self.requestHeaders.getRawHeaders(b"Sec-WebSocket-Protocol", ()))):
            self.basic_error(400, b"Bad Request", "Invalid header value")
            return
        channel = self.channel
        super().process()
        upgraded = getattr(channel.transport, "protocol", channel)
        if upgraded is not channel:
            upgraded.channel = channel

    def is_too_slow(self) -> None:
        """It has not all come in time."""
        self._refuse(TOO_SLOW)

    def handle_exception(self, exception: BaseException | None) -> None:
        """The application has failed: answer 500; reset the connection if a part of the answer was sent, for nothing
        else would tell its reader."""
        if self._response_started:
            self.abort()
        else:
            super().handle_exception(exception)

    def abort(self) -> None:
        """Reset the connection."""
        if self.channel is not None:
            self.channel.transport.abortConnection()

    def _refuse(self, answer: bytes) -> None:
        self.refused = True
        self.channel.setTimeout(None)
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


class RequestFactory(ChannelFactory):
    """daphne's, for ``Request``."""

    request = Request
