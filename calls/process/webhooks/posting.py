"""One signed POST to another system: bounded in time, to an address that was looked at, and led on by nobody.

The name is resolved once, and what was looked at is what is connected to: a name that answers otherwise the next time
(DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import math
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Network, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from calls.process.webhooks.addresses import AddressRefused, refuse, refuse_name
from voiceapp.runtime.whole_number import whole_number

Networks = Sequence[IPv4Network | IPv6Network]
CONNECT_S = 5.0
WHOLE_S = 10.0
"""Of an attempt, its name's resolution too, however slowly the receiver answers."""
MOST_ASKED_TO_WAIT_S = 3600
_SECONDS = re.compile("[0-9]+")
AGENT = "voiceapp-webhooks/1"


@dataclass(frozen=True, slots=True)
class Post:
    url: str
    body: bytes
    headers: dict[str, str]
    networks: Networks | None = ()
    """That may be sent to beside public addresses; None: any, for an address of the environment's."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it."""

    code: str = ""
    """Empty: it was taken (2xx). ``http_status``, ``redirected``, ``timed_out``, ``not_reached``, ``bad_certificate``,
    ``address_refused``."""
    status: int | None = None
    wait_s: int = 0
    """So long the receiver asks to be left alone (Retry-After)."""


async def post(sent: Post) -> Answered:
    """Never raises what a receiver can cause."""
    try:
        return await asyncio.wait_for(_post(sent), WHOLE_S)
    except TimeoutError:
        return Answered("timed_out")
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
        return Answered("bad_certificate")
    except AddressRefused:
        return Answered("address_refused")
    except aiohttp.ClientConnectorError as error:
        return Answered("address_refused" if isinstance(error.os_error, AddressRefused) else "not_reached")
    except (aiohttp.ClientError, OSError, ValueError):
        return Answered("not_reached")


async def _post(sent: Post) -> Answered:
    resolver = LookedAt(sent.networks, is_plain=sent.url.lower().startswith("http:"))
    timeout = aiohttp.ClientTimeout(total=WHOLE_S, sock_connect=CONNECT_S)
    connector = aiohttp.TCPConnector(resolver=resolver, force_close=True, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
        headers = {"Content-Type": "application/json", "User-Agent": AGENT, **sent.headers}
        resolver.look_at_literal(sent.url)
        async with session.post(sent.url, data=sent.body, headers=headers, allow_redirects=False) as answer:
            # What it says besides is not read.
            if 200 <= answer.status < 300:
                return Answered(status=answer.status)
            code = "redirected" if answer.status < 400 else "http_status"
            return Answered(code, answer.status, asked_to_wait_s(answer.headers.get("Retry-After", "")))


def asked_to_wait_s(retry_after: str) -> int:
    """What a Retry-After says, in seconds or as a date (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3); no more
    than MOST_ASKED_TO_WAIT_S, and 0 where it says neither."""
    if _SECONDS.fullmatch(retry_after):
        # However many digits: what is longer than a whole number is more than the most.
        asked_s = whole_number(retry_after, 0, MOST_ASKED_TO_WAIT_S)
        return MOST_ASKED_TO_WAIT_S if asked_s is None else asked_s
    try:
        at = parsedate_to_datetime(retry_after)
        asked_s = math.ceil((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0
    return max(0, min(asked_s, MOST_ASKED_TO_WAIT_S))


class LookedAt(AbstractResolver):
    """Resolves names, and gives those addresses alone that may be sent to."""

    def __init__(self, networks: Networks | None, *, is_plain: bool) -> None:
        self._networks = networks
        self._is_plain = is_plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises AddressRefused where none may be, OSError where there is none."""
        found = await ThreadedResolver().resolve(host, port, family)
        if self._networks is None:
            return found
        allowed, refused = [], None
        for one in found:
            try:
                refuse(one["host"], self._networks, is_plain=self._is_plain)
                allowed.append(one)
            except AddressRefused as error:
                refused = error
        if refused is not None and not allowed:
            raise refused
        return allowed

    def look_at_literal(self, url: str) -> None:
        """An address in the place of a name is connected to without being resolved, and what is neither resolvers read
        as they like. Raises AddressRefused; ValueError where there is no host."""
        host = self.host_of(url)
        if self._networks is None or not host:
            return
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            refuse_name(host, self._networks)
        else:
            refuse(host, self._networks, is_plain=self._is_plain)

    @staticmethod
    def host_of(url: str) -> str:
        """As it is connected to, in ASCII; raises ValueError."""
        return URL(url).raw_host or ""

    async def close(self) -> None:
        pass
