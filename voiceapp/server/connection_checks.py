"""daphne's periodic checks of its connections, made safe against any single connection.

daphne looks for ended applications every second and for sockets to ping every two. In daphne one exception ends such a
check for good: after an application had raised in mid-answer no connection was ever removed, 15 kB each.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from daphne.server import Server, reactor

from voiceapp.runtime import metrics
from voiceapp.server.connection_limits import ConnectionLimits
from voiceapp.server.http_requests import RequestFactory

logger = logging.getLogger(__name__)

APPLICATIONS_EVERY_S = 1
TIMEOUTS_EVERY_S = 2


class CheckedServer(Server):
    """daphne with a wall around each connection's check, and with the project's requests."""

    def __init__(self, *args: Any, proxies: Iterable[IPv4Network | IPv6Network] = (), **kwargs: Any) -> None:
        """``proxies``: whose connections are many people's."""
        super().__init__(*args, **kwargs)
        self.limits = ConnectionLimits(proxies)

    @property
    def http_factory(self) -> RequestFactory:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, daphnes: Any) -> None:
        """``run`` sets daphne's own and has no option for another."""
        self._http_factory = RequestFactory(self)

    def watch(self, protocol: Any) -> None:
        """Check this connection as soon as its application ends, so that a second's requests do not pile up."""
        application = self.connections[protocol]["application_instance"]
        application.add_done_callback(lambda _: self._check("applications", protocol))

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        inbox = super().create_application(protocol, scope)
        self.watch(protocol)
        return inbox

    def application_checker(self) -> None:
        """Remove what has ended; answer or cancel where only one of connection and application has."""
        for protocol in list(self.connections):
            self._check("applications", protocol)
        reactor.callLater(APPLICATIONS_EVERY_S, self.application_checker)

    def timeout_checker(self) -> None:
        for protocol in list(self.connections):
            self._check("timeouts", protocol)
        reactor.callLater(TIMEOUTS_EVERY_S, self.timeout_checker)

    def _check(self, what: str, protocol: Any) -> None:
        try:
            if what == "timeouts":
                protocol.check_timeouts()
            else:
                self._check_application(protocol)
        except Exception:
            # The wall: only this connection is lost.
            metrics.CONNECTION_ERRORS.labels(what).inc()
            logger.exception("a connection failed its check of %s and is reset", what)
            protocol.abort()

    def _check_application(self, protocol: Any) -> None:
        details = self.connections.get(protocol)
        if details is None:
            return
        disconnected, application = details.get("disconnected"), details.get("application_instance")
        if application is not None and application.done():
            application = None
            error = _error_of(details.pop("application_instance"))
            if error is not None:
                logger.error("Exception inside application: %s", error, exc_info=error)
            if not disconnected:
                # Also if it just returned: nobody is left to answer.
                protocol.handle_exception(error)
        elif application is not None and disconnected and time.time() - disconnected > self.application_close_timeout:
            logger.warning("an application took too long to end and was cancelled: %s", application.get_coro())
            application.cancel()
        if application is None and disconnected:
            del self.connections[protocol]


def _error_of(application: Any) -> BaseException | None:
    return None if application.cancelled() else application.exception()
