"""The one byte range that a player asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class RangeNotSatisfiable(ValueError):
    """Nothing of what is asked for exists: 416."""


def asked_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None where the whole is to be sent: no range, several, or none we know.

    Raises RangeNotSatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.group(1, 2)
    if not first:
        # The last so many bytes.
        begin, end = max(0, size_bytes - int(last)), size_bytes
    else:
        begin, end = int(first), min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < begin:
            return None
    if begin >= size_bytes or begin >= end:
        raise RangeNotSatisfiable
    return begin, end
