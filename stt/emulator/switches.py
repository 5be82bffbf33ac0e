"""What goes wrong on purpose, as switches that a command line sets: written once for every stand-in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Self


class Switches:
    """A dataclass of booleans and numbers inherits this; all of its fields have defaults."""

    __slots__ = ()

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]  # type: ignore[arg-type]

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """From ``name`` or ``name=value`` each. Raises ValueError that names what is not known."""
        faults = cls()
        for text in texts:
            name, _, value = text.partition("=")
            if name not in cls.names():
                raise ValueError(f"unknown_fault: {name}")
            kind = type(getattr(faults, name))
            setattr(faults, name, True if kind is bool else kind(value))
            if not 0 <= getattr(faults, name) < math.inf:
                raise ValueError(f"{text}: give a number from 0 on.")
        return faults
