"""Which calls and files have been kept for as long as their line says (calls/lines/privacy.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from calls.desk.privacy.files import RUNS_AT_MOST, CallFile, files_before
from calls.lines.models import PhoneLine
from calls.lines.privacy import Retention
from calls.storage.models import Call

NAMES_AT_ONCE = 500
LATE_S = 3600.0
"""A file is written this long after its call has ended at most: it goes with the call, not after it."""


@dataclass(slots=True)
class Due:
    """What one line has kept for long enough."""

    label: str
    retention: Retention
    calls: QuerySet[Call]
    files: list[CallFile] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def due(folder: Path, now: datetime) -> list[Due]:
    """Of each line, then of numbers that are no line. Blocking; reads the folder and asks the database."""
    lines = {line.number: line for line in PhoneLine.objects.all()}
    found = {
        number: Due(str(line), retention := line.retention, _old(retention, now).filter(to_number=number))
        for number, line in lines.items()
    }
    found[""] = Due(_("other numbers"), Retention(), _old(Retention(), now).exclude(to_number__in=lines))
    for number, file in _by_number(files_before(folder, _before(min(_days(found)), now)), set(lines)):
        days = max(_days(found)) if number is None else found[number].retention.recordings_days
        if file.written_s < _before(days, now):
            found[number or ""].files.append(file)
    return list(found.values())


def _old(retention: Retention, now: datetime) -> QuerySet[Call]:
    """Calls that ended so long ago; of those that have no end, by when they began or were last heard of."""
    horizon = now - timedelta(days=retention.words_days)
    lost = min(horizon, now - RUNS_AT_MOST)
    begun = Q(started_at__lt=lost) | Q(started_at=None, status_at__lt=lost)
    return Call.objects.filter(Q(ended_at__lt=horizon) | Q(begun, ended_at=None), hold=None)


def _by_number(files: Iterator[CallFile], lines: set[str]) -> Iterator[tuple[str | None, CallFile]]:
    """Each with its line's number, "" where the number is no line, None where there is no such call (any more)."""
    while batch := list(islice(files, NAMES_AT_ONCE)):
        calls = Call.objects.filter(call_sid__in={file.call for file in batch})
        number_of = dict(calls.values_list("call_sid", "to_number"))
        for file in batch:
            number = number_of.get(file.call)
            yield number if number is None or number in lines else "", file


def _days(found: dict[str, Due]) -> list[int]:
    return [one.retention.recordings_days for one in found.values()]


def _before(days: int, now: datetime) -> float:
    return (now - timedelta(days=days)).timestamp() + LATE_S
