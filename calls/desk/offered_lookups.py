"""By which lookups the address of an admin list narrows it. Django takes any lookup of a model's own fields, so that
``from_number__startswith`` would tell a masked number digit by digit, and a few that no database knows answer 500.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.admin.filters import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from voiceapp.runtime.whole_number import whole_number

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Of rows that can be asked for: Django asks for the day before and after, which years 1 and 9999 do not have."""
PARTS = {"year": (FIRST_YEAR, LAST_YEAR), "month": (1, 12), "day": (1, 31)}
"""Of a date hierarchy: the least and the greatest."""
BOUNDS = ("gte", "lt")


class OfOfferedLookups:
    """Before a ModelAdmin: its list is narrowed by what its filters and its dates lead to, and by nothing else.

    A ModelAdmin names in ``linked_lookups`` those that no filter of its list offers, but a link of another page has.
    """

    model: Any
    date_hierarchy: str | None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Raises IncorrectLookupParameters, as an unknown filter does: the list leads to all rows and says so."""
        if lookup not in set(self._offered(request)) or not self._can_be_read(lookup, value):
            raise IncorrectLookupParameters
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]

    def _offered(self, request: HttpRequest | None) -> Iterator[str]:
        yield from getattr(self, "linked_lookups", ())
        for one in self.get_list_filter(request):  # type: ignore[attr-defined]
            if isinstance(one, type) and issubclass(one, SimpleListFilter):
                yield str(one.parameter_name)
            else:
                yield from _of_field(self.model, one)
        if self.date_hierarchy:
            yield from (f"{self.date_hierarchy}__{part}" for part in PARTS)

    def _can_be_read(self, lookup: str, value: str) -> bool:
        """A date that no database takes fails only when the rows are read, where nobody catches it."""
        path, _separator, name = lookup.rpartition("__")
        if path and path == self.date_hierarchy and name in PARTS:
            return whole_number(value, *PARTS[name]) is not None
        return name not in BOUNDS or _is_date(get_fields_from_path(self.model, path)[-1], value)


def _of_field(model: type[models.Model], path: str) -> Iterator[str]:
    """What Django's filter of such a field has in its links."""
    field: Any = get_fields_from_path(model, path)[-1]
    yield f"{path}__isnull"
    if field.remote_field:
        yield f"{path}__{field.target_field.name}__exact"
    elif isinstance(field, models.DateField):
        yield from (f"{path}__{bound}" for bound in BOUNDS)
    else:
        yield from (path, f"{path}__exact")


def _is_date(field: Any, value: str) -> bool:
    try:
        read: date | None = field.to_python(value)
    except ValidationError:
        return False
    return read is not None and FIRST_YEAR <= read.year <= LAST_YEAR
