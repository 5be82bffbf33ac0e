"""Stream tokens: who holds one may open the media socket of one call, once, within a minute.

Signed and stateless: it names the CallSid and its time, in steps of STEP_S, so that a webhook that is asked again at
once (by Twilio, or by whoever has recorded it) gives the same token. That it was spent is kept in Redis where there is
one, else in the database, else (both away) in this process, which is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.core import signing
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from redis import asyncio as redis
from redis.exceptions import RedisError

from calls.storage.columns import as_column
from calls.storage.models import Call
from calls.twilio.models import SpentToken
from voiceapp.runtime.coded_error import CodedError

logger = logging.getLogger(__name__)

VALID_S = 60
SALT = "calls.stream"
STEP_S = 30
"""By so much longer it is valid where it was asked for at a step's beginning."""
PLACE_TIMEOUT_S = 1.0
AWAY_S = 10.0
"""A database that did not answer is not asked again for so long."""
MOST_LOCAL = 10_000
Answer = TypeVar("Answer")


class SteppedSigner(signing.TimestampSigner):
    """Its signatures of one value differ only from step to step."""

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time() // STEP_S * STEP_S))


_database_away_until_s = 0.0
_local: OrderedDict[str, None] = OrderedDict()


class TokenError(CodedError):
    """``code``: ``forged`` | ``expired`` | ``spent``."""


class DatabaseAway(Exception):
    """Or too slow for a call's start."""


class SpendPlace(StrEnum):
    REDIS = "redis"
    DATABASE = "database"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class StreamToken:
    """What a token says of the socket that it opens."""

    call_sid: str
    to_number: str = ""
    stream_index: int = 0
    """0 for a call's first stream; one that replaces a lost one counts on."""
    base_ms: int = 0
    """Media time of the call at which this stream begins; 0 where whoever issued it did not know."""
    account_sid: str = ""
    """Whose call it is; empty in an older version's."""
    greets: bool = False
    """The line's greeting is left to the stream; an older version's webhook has had it said."""
    notifies: bool = False
    """The line was not known: its notice to callers, if it has one, is left to the stream."""
    notified: bool = False
    """The line's notice was said to its end before this stream began."""


def issue(
    call_sid: str,
    to_number: str = "",
    stream_index: int = 0,
    base_ms: int = 0,
    account_sid: str = "",
    *,
    greets: bool = False,
    notifies: bool = False,
    notified: bool = False,
) -> str:
    """A token for one media socket of this call, which came in on this line. ``greets``, ``notifies``: the greeting and
    the notice are the stream's; ``notified``: the notice is said before it."""
    line = as_column(Call, "to_number", to_number)
    said = {"c": call_sid, "t": line, "i": stream_index, "b": base_ms, "a": account_sid, "g": int(greets)}
    # Short for most: a token is part of an address.
    said |= ({"n": 1} if notifies else {}) | ({"p": 1} if notified else {})
    return SteppedSigner(salt=SALT).sign_object(said).replace(":", "~")


def stream_path(token: str) -> str:
    return f"/ws/twilio/{token}"


def read(token: str) -> StreamToken:
    """What a token is for. Raises TokenError."""
    try:
        said = SteppedSigner(salt=SALT).unsign_object(token.replace("~", ":"), max_age=VALID_S + STEP_S)
        return StreamToken(
            call_sid=str(said["c"]),
            to_number=str(said["t"]),
            stream_index=int(said["i"]),
            base_ms=int(said["b"]),
            account_sid=str(said.get("a", "")),
            greets=bool(said.get("g", 0)),
            notifies=bool(said.get("n", 0)),
            notified=bool(said.get("p", 0)),
        )
    except signing.SignatureExpired as error:
        raise TokenError("expired") from error
    except (signing.BadSignature, ValueError, KeyError, TypeError) as error:
        raise TokenError("forged") from error


async def spend(token: str) -> SpendPlace:
    """Mark a token as used; says where that was kept. Raises TokenError ``spent``. At most 2 × PLACE_TIMEOUT_S."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    if settings.REDIS_URL:
        try:
            async with asyncio.timeout(PLACE_TIMEOUT_S), redis.from_url(settings.REDIS_URL) as client:
                fresh = await client.set(f"spent:{digest}", 1, nx=True, ex=2 * VALID_S)
            return _spent_in(SpendPlace.REDIS, bool(fresh))
        except (RedisError, OSError, ValueError):
            logger.warning("Redis is away: a stream token is marked in the database")
    with contextlib.suppress(DatabaseAway):
        return _spent_in(SpendPlace.DATABASE, await from_database(_insert, digest))
    fresh = digest not in _local
    _local[digest] = None
    while len(_local) > MOST_LOCAL:
        _local.popitem(last=False)
    return _spent_in(SpendPlace.PROCESS, fresh)


async def from_database(ask: Callable[[str], Answer], about: str) -> Answer:
    """What a query says at a call's start, which never waits long: PLACE_TIMEOUT_S. Raises DatabaseAway."""
    global _database_away_until_s
    if time.monotonic() < _database_away_until_s:
        raise DatabaseAway
    try:
        async with asyncio.timeout(PLACE_TIMEOUT_S):
            return await database_sync_to_async(ask)(about)
    except (DatabaseError, TimeoutError) as error:
        # The thread may still be waiting for it: who comes next must not wait behind.
        _database_away_until_s = time.monotonic() + AWAY_S
        logger.warning("the database is away: stream tokens are marked in this process only")
        raise DatabaseAway from error


def _spent_in(place: SpendPlace, fresh: bool) -> SpendPlace:
    if not fresh:
        raise TokenError("spent")
    return place


def _insert(digest: str) -> bool:
    now = timezone.now()
    SpentToken.objects.filter(expires_at__lt=now).delete()
    try:
        with transaction.atomic():
            SpentToken.objects.create(digest=digest, expires_at=now + timedelta(seconds=2 * VALID_S))
    except IntegrityError:
        return False
    return True
