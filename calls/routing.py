"""WebSocket routes; whatever is not one of them is refused before it is accepted."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path, re_path

from calls.consumers import MediaStreamConsumer
from calls.desk.supervision.listening import ListenConsumer
from calls.desk.supervision.own_origin import OwnOriginOnly
from calls.desk.supervision.socket import LiveConsumer


class Refuse(AsyncWebsocketConsumer):
    """There is nothing here."""

    channel_layer_alias = "off"

    async def connect(self) -> None:
        await self.close()


def websocket_application() -> Any:
    # Twilio sends no Origin: only browsers' sockets are checked for theirs.
    def browsers(consumer: type[AsyncWebsocketConsumer]) -> Any:
        return OwnOriginOnly(SessionMiddlewareStack(consumer.as_asgi()))

    return URLRouter(
        [
            path("ws/twilio/<str:token>", MediaStreamConsumer.as_asgi()),
            path("ws/live/", browsers(LiveConsumer)),
            path("ws/listen/", browsers(ListenConsumer)),
            re_path(r"", Refuse.as_asgi()),
        ]
    )
