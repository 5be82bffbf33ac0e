"""What was in a call before this process had it: what was said, and whether a supervisor keeps the line quiet.

Both are read from the call's rows, while the new stream is heard already. Where the rows cannot be read, the call is
opened anew, and asked on is whether the line is to be quiet: an order holds for the call, however long the database is
away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from calls.core.turns import Turn
from calls.process.conversations import Conversations
from calls.reply.conversation import Conversation
from calls.reply.orders import Order, SupervisorOrder
from calls.reply.rebuilt import RebuiltConversation, rebuilt
from calls.storage.kept_turns import kept_turns
from calls.twilio import action_rows
from calls.twilio.stream_tokens import DatabaseAway, from_database
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

REBUILD_S = 1.5
"""So long the rows of a process that died, or has just ended, are waited for; then what there is must do."""
ASK_AGAIN_S = 0.1
ASK_QUIET_AGAIN_S = 1.0
"""A database that is known to be away refuses at once."""


class EarlierStreams:
    """Those before one media stream of a call."""

    def __init__(self, call_sid: str, conversations: Conversations, note: Callable[[str], None]) -> None:
        """``note`` puts an event on the call."""
        self._call_sid, self._conversations, self._note = call_sid, conversations, note
        self.pending: tuple[Turn, ...] = ()
        """What nobody has answered."""
        self._rows_read = True
        """Or they were not needed."""
        self._learning: asyncio.Task[None] | None = None

    async def rebuild(self, stream_sid: str) -> None:
        """Put what was said before this stream where the process keeps its conversations."""
        found = None
        try:
            found = await conversation_of(self._call_sid, stream_sid)
        except DatabaseAway:
            self._rows_read = False
        except Exception:
            # The wall: whatever rows hold, the call is answered, and heard to its end.
            self._rows_read = False
            metrics.REPLY_ERRORS.inc()
            logger.exception("call %s: what was said before could not be read", self._call_sid)
        self._note("conversation_rebuilt" if found is not None else "conversation_unknown")
        if found is not None:
            self._conversations.of_call(self._call_sid, found.conversation)
            self.pending = found.pending

    def learn_quiet(self, conversation: Conversation, obey: Callable[[SupervisorOrder], str]) -> None:
        """Where it is not known whether a supervisor keeps the line quiet, have it obey as soon as it is."""
        if not self._rows_read:
            conversation.supervision.is_known = False
        if not conversation.supervision.is_known:
            name = f"quiet {self._call_sid}"
            self._learning = asyncio.get_running_loop().create_task(self._learn_quiet(obey), name=name)

    async def ended(self) -> None:
        """The stream is over. What is not known by then the call's next stream asks."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.wait([self._learning])

    async def _learn_quiet(self, obey: Callable[[SupervisorOrder], str]) -> None:
        # Not on the thread that all queries share: the database may answer late.
        ask = database_sync_to_async(action_rows.quiet_by, thread_sensitive=False)
        while True:
            try:
                quiet_by = await ask(self._call_sid)
                break
            except (DatabaseError, InterfaceError):  # a lost connection raises either
                await asyncio.sleep(ASK_QUIET_AGAIN_S)
        obey(SupervisorOrder(self._call_sid, Order.AS_KEPT, quiet_by))


async def conversation_of(call_sid: str, stream_sid: str) -> RebuiltConversation | None:
    """The conversation before this stream; None where nothing is kept of the call. Raises DatabaseAway."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + REBUILD_S
    while True:
        kept = await from_database(partial(kept_turns, stream_sid=stream_sid), call_sid)
        if kept.is_complete or loop.time() >= until_s:
            quiet_by = await from_database(action_rows.quiet_by, call_sid)
            return rebuilt(kept, quiet_by) if kept.turns or kept.answers or quiet_by else None
        await asyncio.sleep(ASK_AGAIN_S)
