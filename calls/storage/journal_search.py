"""Finds callers' calls in journals: those that were accepted while the database was away are nowhere else.

Reads the files of living and dead processes as they are now, and changes none; calls/storage/forgetting.py takes the
calls that were found out of them.
"""

from __future__ import annotations

import fcntl
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from calls.storage.forgetting import journal_lines, refuse_damaged
from calls.storage.journal_files import journal_files
from calls.storage.records import CallEnded, CallStarted, RecordError, record_from_json


@dataclass(frozen=True, slots=True)
class FoundInJournals:
    """The calls of some callers that journals hold, by their start records."""

    starts: list[CallStarted] = field(default_factory=list)
    """One a stream."""
    open: list[CallStarted] = field(default_factory=list)
    """Those in a living process's journal that have no end record in any."""
    unread: Counter[str] = field(default_factory=Counter)
    """By a journal's name: lines that cannot be read, whosever they are."""

    @property
    def call_sids(self) -> set[str]:
        return {start.call_sid for start in self.starts}


def search_journals(folder: Path, is_asked_for: Callable[[str], bool]) -> FoundInJournals:
    """Of callers of whose ``from_number`` that is true. Blocking. Raises StorageError where a journal's key is missing
    or none of its lines can be read, OSError."""
    found = FoundInJournals()
    living: list[CallStarted] = []
    ended: set[str] = set()
    for path in journal_files(folder):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue  # its process has ended, and all of it is rows
        with file:
            refuse_damaged(path, file)
            file.seek(0)
            lives = _is_held(file)
            for _at, _line, values in journal_lines(file):
                if values is None:
                    found.unread[path.name] += 1
                elif isinstance(record := _edge_of(values), CallEnded):
                    ended.add(record.stream_sid)
                elif record is not None and is_asked_for(record.from_number):
                    found.starts.append(record)
                    living += [record] if lives else []
    found.open.extend(start for start in living if start.stream_sid not in ended)
    return found


def lines_in_journals(folder: Path, call_sids: Collection[str]) -> Iterator[dict[str, Any]]:
    """The records of these calls as JSON, as journals hold them. Raises StorageError, OSError."""
    for path in journal_files(folder):
        with path.open("rb") as file:
            for _at, _line, values in journal_lines(file):
                if values is not None and str(values["call_sid"]) in call_sids:
                    yield values


def _edge_of(values: dict[str, Any]) -> CallStarted | CallEnded | None:
    """A stream's start or end; None for other records."""
    if values.get("kind") not in ("CallStarted", "CallEnded"):
        return None
    try:
        record = record_from_json(values)
    except RecordError:
        return None
    return record if isinstance(record, CallStarted | CallEnded) else None


def _is_held(file: IO[bytes]) -> bool:
    """Its process lives: it has its lock (calls/storage/journal.py)."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
