"""Stream tokens: who holds one may open the media socket of one call, once, within a minute.

Signed and stateless: it names the CallSid and its time. That it was spent is kept in Redis where there is one, else in
the database, else (both away) in this process, which is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
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
PLACE_TIMEOUT_S = 1.0
AWAY_S = 10.0
"""A database that did not answer is not asked again for so long."""
MOST_LOCAL = 10_000
Answer = TypeVar("Answer")
_signer = signing.TimestampSigner(salt="calls.stream")
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


def issue(
    call_sid: str,
    to_number: str = "",
    stream_index: int = 0,
    base_ms: int = 0,
    account_sid: str = "",
    *,
    greets: bool = False,
) -> str:
    """A token for one media socket of this call, which came in on this line. ``greets``: the greeting is the
    stream's."""
    line = as_column(Call, "to_number", to_number)
    said = {"c": call_sid, "t": line, "i": stream_index, "b": base_ms, "a": account_sid, "g": int(greets)}
    said["n"] = secrets.token_hex(4)
    return _signer.sign_object(said).replace(":", "~")


def stream_path(token: str) -> str:
    return f"/ws/twilio/{token}"


def read(token: str) -> StreamToken:
    """What a token is for. Raises TokenError."""
    try:
        said = _signer.unsign_object(token.replace("~", ":"), max_age=VALID_S)
        return StreamToken(
            call_sid=str(said["c"]),
            to_number=str(said["t"]),
            stream_index=int(said["i"]),
            base_ms=int(said["b"]),
            account_sid=str(said.get("a", "")),
            greets=bool(said.get("g", 0)),
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
