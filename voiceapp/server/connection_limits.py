"""How many connections a process holds that nobody has let in.

A process has a bounded number of file descriptors, and idle connections took them: 1100 of them kept Twilio's webhooks
out for a minute. So a source has at most MAX_OF_SOURCE connections, and a process MAX_OF_PROCESS; where there are as
many, the one that has waited longest for a request makes room. A WebSocket that its application accepted (a call's, or
one of who is logged in) counts no more. Pure: channels are told to close, and say themselves what they wait for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

MAX_OF_SOURCE = 64
"""Of one address that is no proxy: a browser opens six."""
MAX_OF_PROCESS = 512


class Connection(Protocol):
    """What is counted."""

    @property
    def is_idle(self) -> bool:
        """No whole request has come that is not answered: whoever sends slowly is idle, too."""

    def turn_out(self) -> None:
        """Reset it."""


class ConnectionLimits:
    """One process's."""

    def __init__(self, proxies: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        """``proxies`` speak for many sources, whom they bound themselves."""
        self._proxies = tuple(proxies)
        self._sources: dict[Connection, str] = {}
        """By age."""
        self._of_source: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._sources)

    def refusal(self, source: str) -> str:
        """Why one more from this address is not taken: ``source`` | ``process``; "" where it is. May turn another out.

        ``source``: an IP address; anything else is a unix socket, which only a proxy of ours reaches.
        """
        if self._of_source[source] >= MAX_OF_SOURCE and not self._is_proxy(source):
            return "source"
        if len(self._sources) < MAX_OF_PROCESS:
            return ""
        longest_idle = next((one for one in self._sources if one.is_idle), None)
        if longest_idle is None:
            return "process"
        self.remove(longest_idle)
        longest_idle.turn_out()
        return ""

    def add(self, connection: Connection, source: str) -> None:
        self._sources[connection] = source
        self._of_source[source] += 1

    def remove(self, connection: Connection) -> None:
        """It was let in, or has gone; both may be said of one."""
        source = self._sources.pop(connection, None)
        if source is not None:
            self._of_source[source] -= 1
            if not self._of_source[source]:
                del self._of_source[source]

    def _is_proxy(self, source: str) -> bool:
        try:
            address = ip_address(source)
        except ValueError:
            return True
        return any(address in network for network in self._proxies)
