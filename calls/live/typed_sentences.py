"""TypedSentences: what became of the sentences that supervisors typed, for the rows that say who asked for them."""

from __future__ import annotations

import asyncio
import logging

from channels.db import database_sync_to_async
from django.db import DatabaseError

from calls.core.agent_turns import AgentTurn, Outcome
from calls.reply.responder import Occasion
from calls.twilio import action_rows

logger = logging.getLogger(__name__)

Fate = action_rows.Outcome
FATES = {Outcome.PLAYED: Fate.SAID, Outcome.INTERRUPTED: Fate.CUT, Outcome.FAILED: Fate.CUT}
"""By what became of its turn; one that goes on is another turn, and that one's outcome counts."""


class TypedSentences:
    """One media stream's. On its loop; only ``kept`` waits."""

    def __init__(self, call_sid: str) -> None:
        self._call_sid = call_sid
        self._written: asyncio.Task[None] | None = None

    def ended(self, ask: str, turn: AgentTurn) -> None:
        """A turn of the line's is over. ``ask``: of the sentence that has sounded last."""
        fate = FATES.get(turn.heard.outcome)
        if turn.made_by.responder == Occasion.SUPERVISOR and fate is not None:
            self._put(ask, fate)

    def not_said(self, ask: str) -> None:
        self._put(ask, Fate.NOT_SAID)

    async def kept(self) -> None:
        """All of it is written, or the database is away."""
        if self._written is not None:
            await self._written

    def _put(self, ask: str, fate: str) -> None:
        self._written = asyncio.get_running_loop().create_task(self._write(self._written, ask, fate))

    async def _write(self, before: asyncio.Task[None] | None, ask: str, fate: str) -> None:
        if before is not None:
            await before
        try:
            await database_sync_to_async(action_rows.came_to)(self._call_sid, ask, fate)
        except DatabaseError:
            logger.warning("call %s: what became of a supervisor's sentence is not kept", self._call_sid)
