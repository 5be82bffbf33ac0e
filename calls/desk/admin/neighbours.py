"""The calls before and after one in the list that it was opened from: by its order, one step along its index each."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import F, QuerySet
from django.http import HttpRequest, QueryDict

from calls.desk.line_limits.seen import seen_by
from calls.storage.models import Call

FILTERS = "_changelist_filters"
"""The list's query, as Django's links to its rows carry it on."""
NEWEST_FIRST = F("started_at").desc(nulls_last=True), F("pk").desc()
OLDEST_FIRST = F("started_at").asc(nulls_first=True), F("pk").asc()


def neighbours(call_admin: Any, request: HttpRequest, call: Call) -> dict[str, Any]:
    """For the template: the ids ``newer`` and ``older``, None at the list's ends; the ``list_query`` of links to them;
    and ``list_filters``, the query of the list itself."""
    calls = _listed(call_admin, request)
    at, pk = call.started_at, call.pk
    if at is None:
        # Calls that were never heard come last.
        older = calls.filter(started_at=None, pk__lt=pk)
        newer = calls.filter(started_at=None, pk__gt=pk), calls.exclude(started_at=None)
        return _found(request, _first(newer[0], OLDEST_FIRST) or _first(newer[1], OLDEST_FIRST), _first(older))
    older_calls = calls.filter(started_at__lte=at).exclude(started_at=at, pk__gte=pk)
    newer_calls = calls.filter(started_at__gte=at).exclude(started_at=at, pk__lte=pk)
    older_pk = _first(older_calls) or _first(calls.filter(started_at=None))
    return _found(request, _first(newer_calls, OLDEST_FIRST), older_pk)


def _found(request: HttpRequest, newer: int | None, older: int | None) -> dict[str, Any]:
    query = QueryDict(mutable=True)
    filters = request.GET.get(FILTERS, "")
    if filters:
        query[FILTERS] = filters
    return {
        "newer": newer,
        "older": older,
        "list_query": f"?{query.urlencode()}" if query else "",
        "list_filters": filters,
    }


def _first(calls: QuerySet[Call], order: Any = NEWEST_FIRST) -> int | None:
    return calls.order_by(*order).values_list("pk", flat=True).first()


def _listed(call_admin: Any, request: HttpRequest) -> QuerySet[Call]:
    """The calls of the list, narrowed as it was."""
    filters = request.GET.get(FILTERS)
    seen = seen_by(request.user)
    if not filters:
        return seen.of(Call)
    of_list: Any = copy(request)
    of_list.GET = QueryDict(filters)
    try:
        listed: QuerySet[Call] = call_admin.get_changelist_instance(of_list).queryset
    except (IncorrectLookupParameters, PermissionDenied, SuspiciousOperation):
        return seen.of(Call)  # somebody has written the address by hand
    return listed
