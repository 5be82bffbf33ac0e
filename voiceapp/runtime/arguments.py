"""Numbers on the command line, bounded: argparse types that name the bounds in one sentence. Pure."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

MOST_CALLS = 100_000
LONGEST_S = 86_400


def whole(low: int, high: int, unit: str = "") -> Callable[[str], int]:
    """The type of an option that takes a whole number from ``low`` to ``high``."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text!r}: give a whole number from {low} to {_with(high, unit)}.")
        return value

    return parse


def decimal(low: float, high: float, unit: str = "") -> Callable[[str], float]:
    """The type of an option that takes a number from ``low`` to ``high``; never infinity or none at all."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text!r}: give a number from {low:g} to {_with(high, unit)}.")
        return value

    return parse


def seed(text: str) -> int:
    """The type of ``--seed``: any whole number repeats a run."""
    return whole(0, 2**31)(text)


def _with(high: float, unit: str) -> str:
    return f"{high:g} {unit}".rstrip() if isinstance(high, float) else f"{high} {unit}".rstrip()
