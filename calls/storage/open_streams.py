"""Which media streams have started and not ended, by the records that say so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calls.storage.records import CallEnded, CallStarted, Record


class OpenStreams:
    """The start records of streams that have no end record yet, in the order in which they started."""

    def __init__(self) -> None:
        self._by_sid: dict[str, CallStarted] = {}

    def note(self, records: Iterable[Record]) -> None:
        """Take the starts and ends among these records into account."""
        for record in records:
            if isinstance(record, CallStarted):
                self._by_sid[record.stream_sid] = record
            elif isinstance(record, CallEnded):
                self._by_sid.pop(record.stream_sid, None)

    def __iter__(self) -> Iterator[CallStarted]:
        return iter(self._by_sid.values())
