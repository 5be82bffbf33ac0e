"""HTTP requests under daphne: an answer that fails half-way resets its connection."""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest


class Request(WebRequest):
    """One request, and its answer."""

    channel: Any

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


class RequestFactory(HTTPFactory):
    """daphne's, for ``Request``."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol
