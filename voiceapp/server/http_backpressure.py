"""daphne's HTTP answers at the pace of who reads them.

daphne writes whatever an application sends into the transport's buffer: a recording of four hours would stand in
memory, 230 MB of it, until a slow reader has taken it. Here an application that has more to send waits for room.
"""

from __future__ import annotations

import asyncio
from typing import Any

from voiceapp.server.connection_checks import CheckedServer


class PacedServer(CheckedServer):
    """daphne whose ``send`` of a piece returns once there is room for the next one."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        pace = self._pace(protocol, message) if message["type"] == "http.response.body" else None
        await super().handle_reply(protocol, message)
        if pace is not None:
            await pace.room.wait()

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        if "pace" in self.connections[protocol]:
            # Nothing is written any more: there is nothing to wait for.
            self.connections[protocol]["pace"].room.set()

    def _pace(self, protocol: Any, message: dict[str, Any]) -> Pace | None:
        """Of an answer that has more to come."""
        connection = self.connections.get(protocol)
        if connection is None or "disconnected" in connection:
            return None
        if not message.get("more_body"):
            if "pace" in connection:
                protocol.unregisterProducer()
            return None
        if "pace" not in connection:
            connection["pace"] = Pace()
            protocol.registerProducer(connection["pace"], True)
        return connection["pace"]


class Pace:
    """Twisted's push producer: it is told when the buffer is full, and when it has room again."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.room.set()

    def pauseProducing(self) -> None:
        self.room.clear()

    def resumeProducing(self) -> None:
        self.room.set()

    def stopProducing(self) -> None:
        self.room.set()
