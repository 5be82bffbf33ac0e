"""Which addresses a webhook may be sent to: public ones, and the networks that the server's owner names. Pure.

Whoever may make a webhook could else have this server ask its own neighbours, or a cloud's metadata service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""
GLOBAL_UNICAST = ip_network("2000::/3")
"""All public addresses of version 6 are of it (RFC 4291, section 2.4; IANA's IPv6 address space). What is not, such as
site-local fec0::/10 (RFC 3879), Python's ``is_global`` takes for public where no registry names it."""
NOT_SENT_TO = (ip_network("3fff::/20"), ip_network("192.88.99.0/24"))
"""Of documents (RFC 9637) and of 6to4's relays (RFC 7526): Python takes them for public."""
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
"""RFC 1123, section 2.1, and the underscore of private networks' names."""
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
"""A name does not end in one (https://url.spec.whatwg.org/#ends-in-a-number-checker): resolvers take it for an
address in another notation."""
MAX_NAME_CHARACTERS = 253


class AddressRefused(OSError):
    """The name, or the address, leads to where nothing is sent."""


def refuse(address: str, allowed: Iterable[IPv4Network | IPv6Network], *, is_plain: bool = False) -> None:
    """Raises AddressRefused. ``allowed``: networks that are not public; words are sent in plain HTTP to these alone."""
    meant = _meant(ip_address(address.partition("%")[0]))
    if any(meant in network for network in allowed):
        return
    is_public = meant.is_global and not (meant.is_multicast or meant.is_reserved)
    if isinstance(meant, IPv6Address):
        is_public = is_public and meant in GLOBAL_UNICAST
    if is_plain or not is_public or any(meant in network for network in NOT_SENT_TO):
        raise AddressRefused(f"{meant} is not an address that webhooks are sent to")


def refuse_name(host: str, allowed: Iterable[IPv4Network | IPv6Network] = ()) -> None:
    """Raises AddressRefused where this, in ASCII and no address, is no host's name, or is this machine's (RFC 6761,
    section 6.3: whoever resolves it, also nobody)."""
    name = host.removesuffix(".")
    labels = name.split(".")
    if labels[-1].lower() == "localhost":
        refuse("127.0.0.1", allowed)
    if (
        len(name) > MAX_NAME_CHARACTERS
        or not all(LABEL.fullmatch(label) and _can_be_decoded(label) for label in labels)
        or NUMBER.fullmatch(labels[-1])
    ):
        raise AddressRefused(f"{host} is no host's name")


def _can_be_decoded(label: str) -> bool:
    """Or it is not encoded (``xn--``, RFC 5890)."""
    if not label.lower().startswith("xn--"):
        return True
    with suppress(UnicodeError):
        return bool(idna.ulabel(label))
    # Names that were registered under the older standard, such as signs.
    with suppress(UnicodeError):
        return bool(label.encode().decode("idna"))
    return False


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that one of version 6 stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[12:])
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
