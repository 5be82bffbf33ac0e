"""A supervisor's page as far as its socket goes: it counts updates, and connects again when it is closed."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import websockets
from django.conf import settings

from calls.lab.watching_person import session_of, watching_person

RECONNECT_S = 0.5
"""A page connects again this long after its socket was closed."""


class Watcher:
    """Counts what a supervisor's page would be told; ``run`` goes on until it is cancelled."""

    def __init__(self, url: str) -> None:
        self._url = f"ws://{urlsplit(url).netloc}/ws/live/"
        self._origin = url
        self.updates: list[float] = []
        """``time.monotonic`` of each."""
        self.closed: list[int] = []
        """Close codes; 0 where a handshake was refused."""

    async def run(self) -> None:
        user, cookie = await asyncio.to_thread(_signed_in)
        try:
            while True:
                await self._watch(cookie)
                await asyncio.sleep(RECONNECT_S)
        finally:
            await asyncio.to_thread(user.delete)

    async def _watch(self, cookie: str) -> None:
        try:
            connection = await websockets.connect(
                self._url, additional_headers={"Cookie": cookie, "Origin": self._origin}, compression=None
            )
        except (websockets.InvalidHandshake, OSError):
            self.closed.append(0)
            return
        async with connection:
            with contextlib.suppress(websockets.ConnectionClosedError):
                async for _ in connection:
                    self.updates.append(time.monotonic())
        self.closed.append(connection.close_code or 0)


def _signed_in() -> tuple[Any, str]:
    """A new person who may watch, and the cookie of its session."""
    user = watching_person(f"watcher-{secrets.token_hex(4)}")
    return user, f"{settings.SESSION_COOKIE_NAME}={session_of(user)}"
