"""Which addresses a webhook may be sent to: public ones, and the networks that the server's owner names. Pure.

Whoever may make a webhook could else have this server ask its own neighbours, or a cloud's metadata service.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""


class AddressRefused(OSError):
    """The name, or the address, leads to where nothing is sent."""


def refuse(address: str, allowed: Iterable[IPv4Network | IPv6Network], *, is_plain: bool = False) -> None:
    """Raises AddressRefused. ``allowed``: networks that are not public; words are sent in plain HTTP to these alone."""
    meant = _meant(ip_address(address.partition("%")[0]))
    if any(meant in network for network in allowed):
        return
    if is_plain or not meant.is_global or meant.is_multicast or meant.is_reserved:
        raise AddressRefused(f"{meant} is not an address that webhooks are sent to")


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that one of version 6 stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[12:])
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
