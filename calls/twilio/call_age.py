"""How long a call has been heard by streams before this one: where its media time goes on. 0 where nobody knows."""

from __future__ import annotations

from django.db import DatabaseError

from calls.process.shared_state import SharedState, first_began_ms, running_ms
from calls.twilio import stream_tokens


def call_age_ms(call_sid: str, shared: SharedState) -> int:
    """As the call's row has it, else as all processes know it. Blocking, bounded; any thread."""
    try:
        first_ms = first_began_ms(call_sid)
    except DatabaseError:
        first_ms = None
    return running_ms(shared.read(call_sid).first_ms if first_ms is None else first_ms)


async def ask_call_age_ms(call_sid: str, shared: SharedState) -> int:
    """As this process knows it, else as Redis, else as the row; none of them is waited for long."""
    here = shared.here(call_sid)
    known = await shared.ask(call_sid) if here.first_ms is None else here
    if known is not None:
        return running_ms(known.first_ms)
    try:
        return running_ms(await stream_tokens.from_database(first_began_ms, call_sid))
    except stream_tokens.DatabaseAway:
        return 0
