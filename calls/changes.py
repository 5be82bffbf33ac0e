"""Word of a saved change to every process, at once: through Redis where there is one, else within this process.

A word can be lost with a Redis that is away; who waits for one waits no longer than a lost one may cost. It says only
that something changed: what is read anew comes from the database.
"""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

CHANNEL = "voiceapp.changes"
TIMEOUT_S = 1.0
"""Whoever saves a form waits no longer for a Redis that is away."""


class Changes:
    """One process's ear and mouth. ``wait`` belongs to one thread, ``announce`` to any."""

    def __init__(self, redis_url: str) -> None:
        """An empty address: within this process."""
        self._redis_url = redis_url
        self._word = threading.Event()
        self._ear: PubSub | None = None
        self._away = False

    def announce(self) -> None:
        """Say it to everybody, ourselves among them. Blocking, at most 2 × TIMEOUT_S; never raises."""
        self._word.set()
        if self._redis_url:
            try:
                with self._redis() as redis:
                    redis.publish(CHANNEL, b"")
            except (RedisError, OSError) as error:
                logger.warning("a change is not announced (%s): processes read it at their next round", error)

    def wait(self, timeout_s: float) -> None:
        """Until somebody announces, or the time is up; once at once, when we have begun to listen. Blocking."""
        if self._redis_url:
            try:
                if self._ear is None:
                    self._ear = self._redis().pubsub(ignore_subscribe_messages=True)
                    self._ear.subscribe(CHANNEL)
                    self._away = False
                    return
                if self._ear.get_message(timeout=timeout_s) is not None:
                    while self._ear.get_message(timeout=0) is not None:
                        pass  # one reading answers them all
                return
            except (RedisError, OSError) as error:
                self._deafened(error)
        self._word.wait(timeout_s)
        self._word.clear()

    def _deafened(self, error: Exception) -> None:
        if self._ear is not None:
            self._ear.close()
        self._ear = None
        if not self._away:
            logger.warning("changes are not heard (%s): they are read every few seconds", type(error).__name__)
        self._away = True

    def _redis(self) -> Redis:
        return Redis.from_url(self._redis_url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S)


changes = Changes(settings.REDIS_URL)
"""This process's."""
