"""scripted: a dialogue answers (calls/reply/dialogue.py). It folds what was said, so this keeps nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date

from calls.core.turns import Turn
from calls.reply.dialogue import answer
from calls.reply.dialogue_format import DialogueScript
from calls.reply.items import Item
from calls.reply.responder import Exchange, ReplyCall, ResponderError


class ScriptedResponder:
    name = "scripted"
    tokens = 0

    def __init__(self, script: DialogueScript | None, today: date) -> None:
        """``script``: None where the line has none that can be used: each answer raises ``dialogue_invalid``.

        ``today``: on which the call began.
        """
        self._script, self._today = script, today

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        if self._script is None:
            raise ResponderError("dialogue_invalid", "the line has no dialogue that passes its checks")
        if call.goes_on:
            return  # it yields all at once: what is still to be said of it is known
        words = " ".join(turn.heard_text for turn in turns if turn.heard_text)
        for item in answer(self._script, self._today, call.occasion, words, said):
            yield item

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """The exchange has the new words: the next answer corrects the value that was saved of them."""

    async def interrupted(self, heard: str) -> None:
        """The exchange has what was heard."""
