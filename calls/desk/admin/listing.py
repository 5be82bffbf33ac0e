"""How the admin reads millions of calls: pages, dates and choices that never count or scan a whole table.

On PostgreSQL the indexes of migration ``indexes_of_the_call_list`` carry it; SQLite runs the same queries without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Max, Min, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from calls.desk.admin.searching import of_ids
from calls.desk.line_limits.seen import seen_by
from calls.storage.models import Call
from voiceapp.runtime.whole_number import whole_number

MOST_LISTED = 1000
"""Calls that a list pages through; who looks for an older one narrows by day, filter or search."""
PAGES_AHEAD = 4
"""So many pages of what is searched are looked for behind the one that is shown: a word's thousandth call lies far
back."""


class NewestPaginator(Paginator):
    """Counts up to ``most`` and no further."""

    object_list: QuerySet[Call]

    def __init__(self, found: QuerySet[Call], per_page: int, all_calls: QuerySet[Call], most: int) -> None:
        """``all_calls`` is what ``found`` was filtered from."""
        super().__init__(found, per_page)
        self._all_calls, self._most = all_calls, most

    @cached_property
    def _first(self) -> list[int]:
        return list(self.object_list.order_by().values_list("pk", flat=True)[: self._most + 1])

    @property
    def count(self) -> int:
        return min(len(self._first), self._most)

    @property
    def has_more(self) -> bool:
        """There are rows that no page of these shows."""
        return len(self._first) > self._most

    @property
    def goes_on(self) -> bool:
        """...but later pages do."""
        return self.has_more and self._most < MOST_LISTED

    def page(self, number: Any) -> Page:
        if not self.has_more:
            # All are known. Asked once more with ORDER BY and LIMIT, PostgreSQL may walk the whole table for them.
            order = self.object_list.query.order_by
            self.object_list = self._all_calls.filter(of_ids("pk", self._first)).order_by(*order)
        return super().page(number)


class CallList(ChangeList):
    """The list of calls, with the days that it can be narrowed to."""

    def get_filters(self, request: HttpRequest) -> Any:
        self.seen = seen_by(request.user)
        return super().get_filters(request)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Stands for the list where Django's ``date_hierarchy`` tag asks it for dates; it knows the first and last alone.

    Every year, month and day between them is offered, whether or not a call began then.
    """

    changes: CallList

    def __getattr__(self, name: str) -> Any:
        return getattr(self.changes, name)

    @property
    def queryset(self) -> Calendar:
        return self

    def aggregate(self, first: Min, last: Max) -> dict[str, datetime | None]:
        return self.changes.seen.of(Call).aggregate(first=first, last=last)

    def datetimes(self, field: str, kind: str) -> list[datetime]:
        """The starts of every ``year`` | ``month`` | ``day`` that lies in the years or the month that is chosen."""
        bounds = self.changes.seen.of(Call).aggregate(first=Min(field), last=Max(field))
        if bounds["first"] is None:
            return []
        first, last = timezone.localtime(bounds["first"]), timezone.localtime(bounds["last"])
        chosen = [
            whole_number(self.changes.params.get(f"{field}__{part}", ""), 1, 9999) or 0 for part in ("year", "month")
        ]
        starts: dict[datetime, None] = {}
        day = first.replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= last:
            if chosen[0] in (0, day.year) and chosen[1] in (0, day.month):
                starts[day.replace(day=1 if kind != "day" else day.day, month=1 if kind == "year" else day.month)] = (
                    None
                )
            day += timedelta(days=1)
        return list(starts)


def most_listed(request: HttpRequest, per_page: int) -> int:
    """How many calls the list looks for. An action on all of them is for as many as can be listed."""
    if not request.GET.get(SEARCH_VAR) or request.method == "POST":
        return MOST_LISTED
    page = whole_number(request.GET.get(PAGE_VAR, "1"), 1, MOST_LISTED) or 1
    return min((page + PAGES_AHEAD) * per_page, MOST_LISTED)


def known_values(model: type[Model], field: str) -> list[str]:
    """The values of an indexed column without the empty one, in order: one step through the index for each."""
    known: Any = model._meta.get_field(field)
    table, column = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(known.column)
    with connection.cursor() as cursor:
        # Both names come from the model.
        cursor.execute(
            f"WITH RECURSIVE known(value) AS (SELECT MIN({column}) FROM {table} WHERE {column} > '' UNION ALL "  # noqa: S608
            f"SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > known.value) FROM known "
            "WHERE known.value IS NOT NULL) SELECT value FROM known WHERE value IS NOT NULL"
        )
        return [value for (value,) in cursor.fetchall()]
