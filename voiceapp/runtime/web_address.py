"""URLs of the environment, read once and in one place. Nothing here raises: what cannot be read is None."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def read_url(text: str) -> SplitResult | None:
    """The URL in its parts, each of which can be read; None where the text is no URL."""
    # urlsplit leaves out line ends and the like, and so would read another URL than others do.
    if not text.isprintable() or " " in text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def read_web_url(text: str) -> SplitResult | None:
    """An http or https URL with a host; None where the text is none."""
    parts = read_url(text)
    if parts is None or parts.scheme not in {"http", "https"} or not HOST.fullmatch(host_of(parts)):
        return None
    return parts


def is_example(host: str) -> bool:
    """The host is one of documents: nobody can have it (RFC 2606, RFC 6761)."""
    labels = host.lower().rstrip(".").split(".")
    return labels[-1] in {"example", "invalid"} or (
        labels[-2:-1] == ["example"] and labels[-1] in {"com", "net", "org"}
    )


def host_of(parts: SplitResult) -> str:
    """The host as a URL writes it: an IPv6 address in brackets."""
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
