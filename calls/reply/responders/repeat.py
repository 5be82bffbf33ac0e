"""repeat: says back what it heard, so that whoever tries a line hears what it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from calls.core.turns import Turn
from calls.reply.items import Item, Say
from calls.reply.responder import Exchange, Occasion, ReplyCall

GOODBYE = "לְהִתְרָאוֹת"


class RepeatResponder:
    name = "repeat"
    tokens = 0

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        if call.occasion is Occasion.GOODBYE and not call.goes_on:
            yield Say(GOODBYE)
        heard = " ".join(turn.heard_text for turn in turns if turn.heard_text)
        if call.occasion is Occasion.TURNS and heard and not call.goes_on:
            yield Say(heard, cacheable=False)

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """What was said back stays as it was said."""

    async def interrupted(self, heard: str) -> None:
        """The next turn is repeated as any other."""
