"""Where a request comes from: the caller's own address, also behind a proxy of ours."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64
"""Bits. Whoever has one address of a network of this size has all of them."""


def source_of(request: HttpRequest) -> str | None:
    """The caller's address, of IPv6 its network's; None where only a proxy that does not say so knows it.

    PROXY_NETWORKS are believed what they say in X-Real-IP (deploy/nginx/ overwrites it), and so is whoever comes by
    a unix socket; nobody else is.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    if peer is None or any(peer in network for network in settings.PROXY_NETWORKS):
        peer = _address(request.headers.get("X-Real-IP", "")) or peer
    if isinstance(peer, IPv6Address):
        return str(ip_network((peer, IPV6_PREFIX), strict=False).network_address)
    return None if peer is None else str(peer)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
