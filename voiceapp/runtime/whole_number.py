"""A whole number that somebody outside wrote: in an address, a form, a header or the environment. Pure.

``str.isdigit`` takes ² for a digit, which ``int`` refuses; ``int`` takes ٣, 1_0 and spaces, which nobody means.
"""

from __future__ import annotations

import re

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def whole_number(text: str, low: int, high: int) -> int | None:
    """Of ASCII digits, from low to high; None for anything else. Never raises."""
    number = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
    return number if number is not None and low <= number <= high else None
