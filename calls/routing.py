"""WebSocket routes; whatever is not one of them is refused before it is accepted."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from calls.consumers import MediaStreamConsumer
from calls.desk.supervision.socket import LiveConsumer


class Refuse(AsyncWebsocketConsumer):
    """There is nothing here."""

    channel_layer_alias = "off"

    async def connect(self) -> None:
        await self.close()


def websocket_application() -> Any:
    # Twilio sends no Origin: only browsers' sockets are checked for theirs.
    browser = AllowedHostsOriginValidator(AuthMiddlewareStack(LiveConsumer.as_asgi()))
    return URLRouter(
        [
            path("ws/twilio/<str:token>", MediaStreamConsumer.as_asgi()),
            path("ws/live/", browser),
            re_path(r"", Refuse.as_asgi()),
        ]
    )
