"""What was said in a call before this process had it: read from its rows, while the new stream is heard already."""

from __future__ import annotations

import asyncio
from functools import partial

from calls.reply.rebuilt import RebuiltConversation, rebuilt
from calls.storage.kept_turns import kept_turns
from calls.twilio import action_rows
from calls.twilio.stream_tokens import DatabaseAway, from_database

REBUILD_S = 1.5
"""So long the rows of a process that died, or has just ended, are waited for; then what there is must do."""
ASK_AGAIN_S = 0.1


async def conversation_of(call_sid: str, stream_sid: str) -> RebuiltConversation | None:
    """The conversation before this stream; None where nothing is kept of the call, or the database is away."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + REBUILD_S
    while True:
        try:
            kept = await from_database(partial(kept_turns, stream_sid=stream_sid), call_sid)
            if kept.is_complete or loop.time() >= until_s:
                quiet_by = await from_database(action_rows.quiet_by, call_sid)
                return rebuilt(kept, quiet_by) if kept.turns or kept.answers or quiet_by else None
        except DatabaseAway:
            return None
        await asyncio.sleep(ASK_AGAIN_S)
