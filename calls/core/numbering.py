"""Numbers of turns and events where a call has several media streams. Pure.

A session numbers what it hears by itself, and does not know whether another stream of its call does so too: voice may
be asked twice, and the database may be away. So every stream has its own block of NUMBERS_A_STREAM numbers. The session
counts within the block that its token names; the writer, with the call's row locked, gives the stream its real block
and keeps it in ``Call.streams`` (calls/storage/rows.py). Records without a StreamSid are of older journals: they have
their rows' numbers already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NUMBERS_A_STREAM = 10_000
"""Turns and events of a call's second stream are numbered from here on."""

RECOVERED_NUMBER = 9_000
"""Turns that were heard again after a crash are numbered from here on within their stream's block."""

MAX_BLOCK = 100_000
"""The last block that a stream can ask for: a journal can say anything, and numbers are 32 bits wide."""

Streams = Mapping[str, dict[str, Any]]
"""The value of Call.streams: StreamSid -> what is kept of the stream."""


def row_number(streams: dict[str, dict[str, Any]], stream_sid: str, number: int) -> int:
    """A record's number as its row has it; gives its stream a block of ``streams`` where it has none yet."""
    if not stream_sid:
        return number
    wanted, local = divmod(number, NUMBERS_A_STREAM)
    return give_block(streams, stream_sid, wanted) * NUMBERS_A_STREAM + local


def give_block(streams: dict[str, dict[str, Any]], stream_sid: str, wanted: int) -> int:
    """The stream's block; one that has none gets ``wanted``, or the next one where that is another stream's."""
    stream = streams.setdefault(stream_sid, {})
    if "block" not in stream:
        taken = {block for sid, block in blocks(streams).items() if sid != stream_sid}
        free = 0 <= wanted <= MAX_BLOCK and wanted not in taken
        stream["block"] = wanted if free else max(taken, default=-1) + 1
    return int(stream["block"])


def blocks(streams: Streams) -> dict[str, int]:
    """The block of each stream that has one, as they started. An older version wrote none: they count in that order."""
    # What ended without a start has no StreamSid, and no turns.
    started = sorted((s for s in streams if s and "started_at" in streams[s]), key=lambda s: streams[s]["started_at"])
    known = {sid: streams[sid].get("block", place) for place, sid in enumerate(started)}
    return known | {sid: stream["block"] for sid, stream in streams.items() if "block" in stream}


def key_of(stream_sid: str, number: int) -> str:
    """What names a turn or event of a call before its row has a number, and afterwards."""
    return f"{stream_sid}:{number % NUMBERS_A_STREAM}"


def row_key(streams: Streams, number: int) -> str:
    """The ``key_of`` a row with this number."""
    sids = {stream["block"]: sid for sid, stream in streams.items() if "block" in stream}
    stream_sid = sids.get(number // NUMBERS_A_STREAM)
    # An older version's stream is known by nothing but its number, live as well.
    return f":{number}" if stream_sid is None else key_of(stream_sid, number)
