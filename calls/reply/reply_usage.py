"""ReplyUsage: what a call's answers are charged for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Charged(Protocol):
    """One answer's, as far as it was made."""

    tokens: int
    characters: int
    cost: float


@dataclass(slots=True)
class ReplyUsage:
    """Of all answers so far, also of those that were withdrawn."""

    tokens: int = 0
    """Of a language model."""
    characters: int = 0
    """Synthesised."""
    cost: float = 0.0
    """Of both, in the prices' currency."""

    def add(self, charged: Charged) -> None:
        self.tokens += charged.tokens
        self.characters += charged.characters
        self.cost += charged.cost
