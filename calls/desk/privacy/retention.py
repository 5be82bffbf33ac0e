"""Which calls and files have been kept for as long as their line says (calls/lines/privacy.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from calls.desk.privacy.files import RUNS_AT_MOST, CallFile, files_before
from calls.lines.models import PhoneLine
from calls.lines.privacy import MOST_DAYS, Retention
from calls.storage.models import Call

NAMES_AT_ONCE = 500
LATE_S = 3600.0
"""A file is written this long after its call has ended at most: it goes with the call, not after it."""
LONGEST = Retention(MOST_DAYS, MOST_DAYS)
"""Of a line that cannot be read: no line keeps anything for longer."""


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


@dataclass(frozen=True, slots=True)
class AllDue:
    due: list[Due]
    """Of each line, then of numbers that are no line."""
    unread: list[str]
    """Each line whose row cannot be read, and why."""


def due(folder: Path, now: datetime) -> AllDue:
    """Blocking; reads the folder and asks the database. Raises DatabaseError where that is no row's fault."""
    lines, unread, is_each_known = _lines()
    found = {
        number: Due(label, retention, _old(retention, now).filter(to_number=number))
        for number, (label, retention) in lines.items()
    }
    # A line whose number cannot be read may be that of any other call.
    others = Retention() if is_each_known else LONGEST
    found[""] = Due(_("other numbers"), others, _old(others, now).exclude(to_number__in=lines))
    for number, file in _by_number(files_before(folder, _before(min(_days(found)), now)), set(lines)):
        days = max(_days(found)) if number is None else found[number].retention.recordings_days
        if file.written_s < _before(days, now):
            found[number or ""].files.append(file)
    return AllDue(list(found.values()), unread)


def _lines() -> tuple[dict[str, tuple[str, Retention]], list[str], bool]:
    """By number the name and the retention of each line; the lines that cannot be read; and whether the number of each
    is known. A column may hold what its type does not (a shell, another program, a damaged page of SQLite's)."""
    columns = PhoneLine.objects.values_list("number", "name", "recordings_days", "words_days")
    lines: dict[str, tuple[str, Retention]] = {}
    unread: list[str] = []
    is_each_known = True
    for key in PhoneLine.objects.values_list("pk", flat=True):
        try:
            number, name, *days = columns.get(pk=key)
        except (DatabaseError, ValueError, TypeError, ArithmeticError) as error:
            # The same columns of no row: raises where the database is away, or a column is missing.
            list(columns.filter(pk=0))
            unread.append(f"line {key} ({type(error).__name__})")
            is_each_known = False
            continue
        retention = Retention(*days)
        if not all(type(day) is int and 1 <= day <= MOST_DAYS for day in days):
            unread.append(f"line {key} (kept for {days[0]!r} and {days[1]!r} days)")
            retention = LONGEST
        lines[number] = str(PhoneLine(number=number, name=name)), retention
    return lines, unread, is_each_known


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
