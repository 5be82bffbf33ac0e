"""A call's media streams, read from ``Call.streams``: the one place that knows what its JSON holds. Pure.

A call has one stream, and one more for each time that it lost its socket. calls/storage/rows.py writes the JSON, each
record its part of it, in whatever order they come: any part may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calls.core.numbering import NUMBERS_A_STREAM, Streams, blocks


@dataclass(frozen=True, slots=True)
class CallStream:
    """One media stream of a call. What no record has said yet is None, empty or 0."""

    stream_sid: str
    block: int | None
    """The stream's place in the numbers of the call's turns and events (calls/core/numbering.py)."""
    values: Mapping[str, Any]
    """The stream's JSON."""

    @property
    def first_number(self) -> int | None:
        """The number of the stream's first turn."""
        return None if self.block is None else 1 + self.block * NUMBERS_A_STREAM

    @property
    def started_at(self) -> datetime | None:
        return _instant(self.values.get("started_at"))

    @property
    def ended_at(self) -> datetime | None:
        return _instant(self.values.get("ended_at"))

    @property
    def has_ended(self) -> bool:
        return "ended_at" in self.values

    @property
    def recording(self) -> str:
        """The path of the stream's audio, relative to VAR_DIR."""
        return self.text("recording")

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def count(self, name: str) -> int:
        return int(self.values.get(name) or 0)

    def mapping(self, name: str) -> Mapping[str, Any]:
        return self.values.get(name) or {}


def call_streams(streams: Streams) -> list[CallStream]:
    """The streams of a ``Call.streams`` in the order in which they started; first those whose start is not known."""
    block_of = blocks(streams)
    in_order = sorted(streams.items(), key=lambda item: item[1].get("started_at", ""))
    return [CallStream(stream_sid, block_of.get(stream_sid), values) for stream_sid, values in in_order]


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
