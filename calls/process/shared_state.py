"""What every process must know of a call before its rows say so: when it began, its newest stream, the end we chose.

Kept in this process's memory, and in Redis where there is one. Facts are only added, each under its stream, so that two
processes cannot take each other's back. Where Redis is away the database's rows must do, a moment later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from django.conf import settings
from redis import Redis
from redis import asyncio as redis_asyncio
from redis.exceptions import RedisError

from calls.storage.models import Call

logger = logging.getLogger(__name__)

TIMEOUT_S = 1.0
"""Whoever asks Redis waits no longer."""
AWAY_S = 10.0
"""A Redis that did not answer is not asked again for so long."""
MOST_CALLS = 10_000
"""In memory; beyond it the oldest are forgotten."""
ANSWER_FAILED = "answer_failed"
"""Answers failed one after the other: the caller gets the line's fallback."""
ENDED_BY_US = ("silent_line", "too_long", "answered", ANSWER_FAILED)
"""End reasons after which the call does not go on; after any other Twilio is given another stream."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of one call, by StreamSid."""

    began_ms: dict[str, int] = field(default_factory=dict)
    """Unix time in ms."""
    ends: dict[str, str] = field(default_factory=dict)
    """The end that we chose while the stream ran."""
    line: str = ""
    """The number that was called; empty where an older version let the call in."""

    @property
    def first_ms(self) -> int | None:
        return min(self.began_ms.values(), default=None)

    @property
    def newest(self) -> tuple[int, str]:
        """When it began, and its StreamSid."""
        return max(((at_ms, sid) for sid, at_ms in self.began_ms.items()), default=(0, ""))

    @property
    def our_end_reason(self) -> str:
        """Of the newest stream, where we ended it and the call with it; else empty."""
        reason = self.ends.get(self.newest[1], "")
        return reason if reason in ENDED_BY_US else ""


class SharedState:
    """One process's memory of its calls and its way to what the others know. ``here``, ``read``: any thread."""

    def __init__(self) -> None:
        self._facts: OrderedDict[str, dict[str, str]] = OrderedDict()
        """By CallSid, as Redis has them: ``began:MZ…`` -> Unix time in ms, ``end:MZ…`` -> end reason, ``line`` -> its
        number."""
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Held while a call's stream is told to Redis."""
        self._away_until_s = 0.0

    def here(self, call_sid: str) -> Known:
        """What this process knows by itself."""
        return _known(self._facts.get(call_sid, {}))

    def read(self, call_sid: str) -> Known:
        """What all processes know. Blocking, 2 × TIMEOUT_S at most."""
        facts = dict(self._facts.get(call_sid, {}))
        if self._may_ask():
            try:
                with Redis.from_url(
                    settings.REDIS_URL,
                    socket_connect_timeout=TIMEOUT_S,
                    socket_timeout=TIMEOUT_S,
                    decode_responses=True,
                ) as redis:
                    facts |= redis.hgetall(_key(call_sid))
            except (RedisError, OSError, ValueError) as error:
                self._is_away(error)
        return _known(facts)

    async def ask(self, call_sid: str) -> Known | None:
        """As ``read``; None where Redis does not answer, or there is none. At most TIMEOUT_S."""
        facts = await self._exchange(call_sid, None)
        return None if facts is None else _known(self._facts.get(call_sid, {}) | facts)

    def began(self, call_sid: str, stream_sid: str, at_ms: int, line: str = "") -> Coroutine[Any, Any, list[str]]:
        """Say that a stream of a call to this line has begun. Known here before it is awaited.

        Returns the StreamSids that had begun before it in the order of Redis, which is also the order in which this
        process began its own; none where ``ask`` gives None. On the loop.
        """
        facts = {f"began:{stream_sid}": str(at_ms), **({"line": line} if line else {})}
        self._note(call_sid, facts)
        return self._older(call_sid, stream_sid, facts)

    async def end_chosen(self, call_sid: str, stream_sid: str, end_reason: str) -> bool:
        """Say that we end the call. Known here at once; True when every process knows."""
        facts = {f"end:{stream_sid}": end_reason}
        self._note(call_sid, facts)
        return await self._exchange(call_sid, facts) is not None

    async def _older(self, call_sid: str, stream_sid: str, added: dict[str, str]) -> list[str]:
        # One after the other: on connections of their own they could overtake each other, and each would be the older.
        order = self._orders.setdefault(call_sid, asyncio.Lock())
        async with order:
            facts = await self._exchange(call_sid, added)
        return [sid for sid in _known(facts or {}).began_ms if sid != stream_sid]

    def _note(self, call_sid: str, facts: dict[str, str]) -> None:
        self._facts.setdefault(call_sid, {}).update(facts)
        self._facts.move_to_end(call_sid)
        while len(self._facts) > MOST_CALLS:
            self._facts.popitem(last=False)

    async def _exchange(self, call_sid: str, added: dict[str, str] | None) -> dict[str, str] | None:
        """Add these and read all in one step: of two streams that begin at once, one sees the other and one does not.

        Only what Redis has: this process's own memory may hold a stream that began while we waited.
        """
        if not self._may_ask():
            return None
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                redis_asyncio.from_url(settings.REDIS_URL, decode_responses=True) as redis,
                redis.pipeline(transaction=True) as both,
            ):
                for name, value in (added or {}).items():
                    both.hset(_key(call_sid), name, value)
                if added:
                    both.expire(_key(call_sid), settings.MAX_CALL_S + 3600)
                both.hgetall(_key(call_sid))
                *_, facts = await both.execute()
        except (RedisError, OSError, ValueError) as error:
            self._is_away(error)
            return None
        return dict(facts)

    def _may_ask(self) -> bool:
        return bool(settings.REDIS_URL) and time.monotonic() >= self._away_until_s

    def _is_away(self, error: Exception) -> None:
        self._away_until_s = time.monotonic() + AWAY_S
        logger.warning(
            "Redis is away (%s): what other processes know of a call is read from its row", type(error).__name__
        )


def first_began_ms(call_sid: str) -> int | None:
    """As the call's row has it. Raises DatabaseError."""
    started_at = Call.objects.filter(call_sid=call_sid).values_list("started_at", flat=True).first()
    return None if started_at is None else int(started_at.timestamp() * 1000)


def running_ms(first_ms: int | None) -> int:
    """How long a call has been heard that began then; 0 where nobody knows."""
    return 0 if first_ms is None else max(0, int(time.time() * 1000) - first_ms)


def _key(call_sid: str) -> str:
    return f"call:{call_sid}"


def _known(facts: Mapping[str, str]) -> Known:
    known = Known(line=facts.get("line", ""))
    for name, value in facts.items():
        kind, _, stream_sid = name.partition(":")
        if kind == "began":
            known.began_ms[stream_sid] = int(value)
        elif kind == "end":
            known.ends[stream_sid] = value
    return known
