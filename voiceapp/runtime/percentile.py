"""The one percentile that every report, table and gauge of the project means. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def percentile(values: Iterable[Number], share: float) -> Number | None:
    """The value below which that share of the values lies (0 to 1), one of them: nearest rank. None of no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
