"""silent: the line only transcribes. A new line's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from calls.core.turns import Turn
from calls.reply.items import Item
from calls.reply.responder import Exchange, ReplyCall


class SilentResponder:
    name = "silent"
    tokens = 0

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        return
        yield

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """Nothing was answered."""

    async def interrupted(self, heard: str) -> None:
        """Nothing was said."""
