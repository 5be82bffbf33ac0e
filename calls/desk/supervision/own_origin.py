"""Whose pages may open a watcher's socket: this server's own.

A browser sends its cookies with a WebSocket to any address, whatever page opens it, and says in Origin which page that
is. Allowed is PUBLIC_URL's origin, and the very host that was asked: a server that is tried on this machine is reached
by other names. Channels' own check takes any port of an allowed host: a page of another server on it got in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class OwnOriginOnly:
    """ASGI middleware for sockets that browsers open."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        application = self._application if is_own(dict(scope["headers"])) else WebsocketDenier()
        return await application(scope, receive, send)


def is_own(headers: dict[bytes, bytes]) -> bool:
    """By the handshake's headers. No Origin, as of no browser, is not."""
    try:
        origin = urlsplit(headers.get(b"origin", b"").decode("ascii"))
        host = headers.get(b"host", b"").decode("ascii")
    except (UnicodeDecodeError, ValueError):
        return False
    if not origin.netloc or origin.scheme not in ("http", "https"):
        return False
    public = urlsplit(settings.PUBLIC_URL)
    if (origin.scheme, origin.netloc.lower()) == (public.scheme, public.netloc.lower()):
        return True
    return origin.netloc.lower() == host.lower() and validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
