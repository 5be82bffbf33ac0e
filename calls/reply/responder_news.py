"""ResponderNews: what a responder is told beside what it is asked. Each in a task of the agent's."""

from __future__ import annotations

from collections.abc import Awaitable

from calls.core.turns import Turn
from calls.reply.hands import AgentHands
from calls.reply.responder import Responder
from voiceapp.runtime import metrics


class ResponderNews:
    """One agent's."""

    def __init__(self, responder: Responder, hands: AgentHands) -> None:
        self._responder, self._hands = responder, hands

    async def revised(self, turn: Turn, old: str) -> None:
        """Late words changed a turn whose answer has begun to sound."""
        await self._told(self._responder.revised(turn, old, turn.heard_text))

    async def interrupted(self, heard: str) -> None:
        """The caller spoke over an answer."""
        await self._told(self._responder.interrupted(heard))

    async def _told(self, news: Awaitable[None]) -> None:
        try:
            await news
        except Exception as error:
            # The wall: a responder is anybody's code.
            metrics.RESPONDER_ERRORS.inc()
            self._hands.note("responder_raised", type(error).__name__)
