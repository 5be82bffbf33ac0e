"""How long a language model may keep the caller waiting, and what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelWaits:
    """How long an answer may take; the time that nobody asks for the next piece does not count."""

    first_ms: int = 2500
    """Until the first words or tool call (Tuning.responder_first_ms)."""
    between_ms: int = 2500
    """From one to the next."""
    total_ms: int = 15_000
    """Of the whole answer (Tuning.responder_total_ms)."""


class Patience:
    """How long may still be waited: for the next piece, and for all of the answer."""

    def __init__(self, waits: ModelWaits) -> None:
        self._waits = waits
        self._total_s = waits.total_ms / 1000
        self._piece_s = waits.first_ms / 1000

    def first(self) -> None:
        """The model is asked again."""
        self._piece_s = self._waits.first_ms / 1000

    def piece_came(self) -> None:
        self._piece_s = self._waits.between_ms / 1000

    async def wait(self, coming: Awaitable[T]) -> T:
        """Raises TimeoutError. Never held across a ``yield``: it would cancel whoever iterates."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            async with asyncio.timeout(min(self._piece_s, self._total_s)):
                return await coming
        finally:
            spent_s = loop.time() - began_s
            self._piece_s -= spent_s
            self._total_s -= spent_s
