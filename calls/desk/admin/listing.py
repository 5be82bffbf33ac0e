"""How the admin reads millions of calls: pages, dates, choices and search that never count or scan a whole table.

On PostgreSQL the indexes of migration ``indexes_of_the_call_list`` carry it; SQLite runs the same queries without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import F, Max, Min, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from calls.storage.models import Call, Transcript
from calls.storage.search_text import SearchWord, words
from voiceapp.runtime.whole_number import whole_number

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Of calls that can be asked for."""
MOST_LISTED = 1000
"""Calls that a list pages through; who looks for an older one narrows by day, filter or search."""
SHORT_LETTERS, SHORT_DIGITS = 3, 5
"""Shorter words and numbers are in so many calls, or help the trigram index so little, that the newest must do."""
NEWEST_CALLS = 2000
"""Of the list as it is filtered: where a short word is looked for."""
MOST_SPOKEN = 1000
"""Calls, the newest, in which a number that is searched for was spoken."""
SAMPLED_TURNS = 20_000
"""The newest; how many of them hold a word says how common it is."""
COMMON_ONE_IN = 250
"""A word in one turn of so many is found sooner by walking back from the newest turn than by the trigram index."""
WALKED_TURNS = 300_000
"""...so far at most."""


class NewestPaginator(Paginator):
    """Counts up to MOST_LISTED and no further."""

    object_list: QuerySet[Call]

    def __init__(self, found: QuerySet[Call], per_page: int, all_calls: QuerySet[Call], **options: Any) -> None:
        """``all_calls`` is what ``found`` was filtered from."""
        super().__init__(found, per_page, **options)
        self._all_calls = all_calls

    @cached_property
    def _first(self) -> list[int]:
        return list(self.object_list.order_by().values_list("pk", flat=True)[: MOST_LISTED + 1])

    @property
    def count(self) -> int:
        return min(len(self._first), MOST_LISTED)

    @property
    def has_more(self) -> bool:
        """There are rows that no page shows."""
        return len(self._first) > MOST_LISTED

    def page(self, number: Any) -> Page:
        if not self.has_more:
            # All are known. Asked once more with ORDER BY and LIMIT, PostgreSQL may walk the whole table for them.
            order = self.object_list.query.order_by
            self.object_list = self._all_calls.filter(pk__in=self._first).order_by(*order)
        return super().page(number)


class CallList(ChangeList):
    """The list of calls, with the days that it can be narrowed to."""

    def get_filters(self, request: HttpRequest) -> Any:
        year = self.params.get(f"{self.date_hierarchy}__year")
        if year is not None and whole_number(year, FIRST_YEAR, LAST_YEAR) is None:
            # Django asks for the day before and after, which years 1 and 9999 do not have.
            raise IncorrectLookupParameters
        return super().get_filters(request)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Stands for the list where Django's ``date_hierarchy`` tag asks it for dates; it knows the first and last alone.

    Every year, month and day between them is offered, whether or not a call began then.
    """

    changes: ChangeList

    def __getattr__(self, name: str) -> Any:
        return getattr(self.changes, name)

    @property
    def queryset(self) -> Calendar:
        return self

    def aggregate(self, first: Min, last: Max) -> dict[str, datetime | None]:
        return Call.objects.aggregate(first=first, last=last)

    def datetimes(self, field: str, kind: str) -> list[datetime]:
        """The starts of every ``year`` | ``month`` | ``day`` that lies in the years or the month that is chosen."""
        bounds = Call.objects.aggregate(first=Min(field), last=Max(field))
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


def search(calls: QuerySet[Call], query: str) -> QuerySet[Call]:
    """The calls that have every word of the query, or "words in quotes": spoken, in a number, or as the CallSid begins.

    Parts of words are found; short ones in the newest NEWEST_CALLS of the list alone. Both sides are read in one form:
    calls/storage/search_text.py. A query without a letter or digit finds nothing.
    """
    asked = list(words(query))
    if not asked and query.strip():
        return calls.none()
    narrowed = bool(calls.query.where) or len(asked) > 1
    for word in asked:
        turns = Transcript.objects.filter(search_text__contains=word.spoken).order_by()
        short = len(word.spoken) < (SHORT_DIGITS if word.spoken.isascii() else SHORT_LETTERS)
        if short:
            newest = list(calls.values_list("pk", flat=True)[:NEWEST_CALLS])
            calls, turns = calls.filter(pk__in=newest), turns.filter(call__in=newest)
        if word.spoken.isascii():
            # Fetched: PostgreSQL uses the calls' own indexes for an OR of lists, and none for one with a subquery.
            spoken = _spoken_in(turns, MOST_SPOKEN) if short else _newest_with(turns, MOST_SPOKEN)
            calls = calls.filter(_identified_by(word) | Q(pk__in=spoken))
        elif short or narrowed:
            calls = calls.filter(pk__in=turns.values("call_id"))
        else:
            calls = calls.filter(pk__in=_newest_with(turns, MOST_LISTED + 1))
    return calls


def _newest_with(turns: QuerySet[Transcript], most: int) -> list[int]:
    """The newest calls that have one of these turns.

    PostgreSQL walks back from the newest turn or asks the trigram index, by how common it takes the word to be; its
    guess is off by ten now and then, and a search takes seconds. So it is told which.
    """
    newest = Transcript.objects.aggregate(pk=Max("pk"))["pk"] or 0
    if turns.filter(pk__gt=newest - SAMPLED_TURNS).count() * COMMON_ONE_IN >= SAMPLED_TURNS:
        calls = _spoken_in(turns.filter(pk__gt=newest - WALKED_TURNS).order_by("-pk"), most)
        if len(calls) == most:
            return calls
    # No index has this order, so that none can be walked along for it.
    return _spoken_in(turns.order_by((F("pk") + 0).desc()), most)


def _spoken_in(turns: QuerySet[Transcript], most: int) -> list[int]:
    """The calls of the first of these turns."""
    rows = most
    while True:
        rows *= 2
        of_turns = list(turns.values_list("call_id", flat=True)[:rows])
        calls = list(dict.fromkeys(of_turns))[:most]
        if len(calls) == most or len(of_turns) < rows:
            return calls


def _identified_by(word: SearchWord) -> Q:
    return (
        Q(call_sid__startswith=word.typed) | Q(from_number__icontains=word.number) | Q(to_number__icontains=word.number)
    )
