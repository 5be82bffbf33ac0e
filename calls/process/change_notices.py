"""Word of a saved change to every process, at once: through Redis where there is one, else within this process.

A word can be lost with a Redis that is away; who waits for one waits no longer than a lost one may cost. It says only
that something changed: what is read anew comes from the database. A call's second stream is announced on the same
channel, with what it replaces (calls/process/registry.py): that is for whoever listens, and ends no wait.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from redis import Redis
from redis import asyncio as redis_asyncio
from redis.client import PubSub
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

CHANNEL = "voiceapp.changes"
TIMEOUT_S = 1.0
"""Whoever saves a form waits no longer for a Redis that is away."""


class ChangeNotices:
    """One process's way to say and to be told. ``wait`` belongs to one thread, ``announce`` to any."""

    def __init__(self, redis_url: str) -> None:
        """An empty address: within this process."""
        self._redis_url = redis_url
        self._word = threading.Event()
        self._ear: PubSub | None = None
        self._away = False
        self.listeners: list[Callable[[bytes], None]] = []
        """Given whatever else is published on the channel, on the thread that waits."""

    def announce(self) -> None:
        """Say it to everybody, ourselves among them. Blocking, at most 2 × TIMEOUT_S; never raises."""
        self._word.set()
        if self._redis_url:
            try:
                with self._redis() as redis:
                    redis.publish(CHANNEL, b"")
            except (RedisError, OSError, ValueError) as error:
                logger.warning("a change is not announced (%s): processes read it at their next round", error)

    async def tell(self, word: bytes) -> None:
        """Publish something else than a change, for the listeners of every process. At most TIMEOUT_S; never raises."""
        if not self._redis_url:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S), redis_asyncio.from_url(self._redis_url) as redis:
                await redis.publish(CHANNEL, word)
        except (RedisError, OSError, ValueError) as error:
            logger.warning("other processes are not told of a call: %s", type(error).__name__)

    def wait(self, timeout_s: float) -> None:
        """Until somebody announces, or the time is up; once at once, when we have begun to listen. Blocking."""
        if self._redis_url:
            try:
                if self._ear is None:
                    self._ear = self._redis().pubsub(ignore_subscribe_messages=True)
                    self._ear.subscribe(CHANNEL)
                    self._away = False
                    return
                until_s = time.monotonic() + timeout_s
                while (left_s := until_s - time.monotonic()) > 0:
                    message = self._ear.get_message(timeout=left_s)
                    if message is not None and not self._is_for_listeners(message["data"]):
                        while (message := self._ear.get_message(timeout=0)) is not None:
                            self._is_for_listeners(message["data"])  # one reading answers them all
                        return
                return
            except (RedisError, OSError, ValueError) as error:
                self._deafened(error)
        self._word.wait(timeout_s)
        self._word.clear()

    def _is_for_listeners(self, data: bytes) -> bool:
        if data:
            for listener in self.listeners:
                listener(data)
        return bool(data)

    def _deafened(self, error: Exception) -> None:
        if self._ear is not None:
            self._ear.close()
        self._ear = None
        if not self._away:
            logger.warning("changes are not heard (%s): they are read every few seconds", type(error).__name__)
        self._away = True

    def _redis(self) -> Redis:
        return Redis.from_url(self._redis_url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S)
