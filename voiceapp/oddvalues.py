"""Requests that no page of ours makes, answered with 400 where Django would raise: the values were written by hand.

Forms check their fields; what stands in an address, and which rows of a list are selected, Django hands to the database
as it came. And a body that is no form is a traceback in whatever reads it first: a webhook, before it is known who sent
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase

from voiceapp.runtime.whole_number import whole_number

LARGEST_ID = 2**63 - 1
API = "/api/"
"""Each of its parameters has a form, and what has not is refused as its document says (docs/api.md)."""
UNREADABLE = (BadRequest, MultiPartParserError, LookupError, UnicodeError)
"""A charset that is not UTF-8 or none at all, a part without a boundary."""


class RefuseOddValues:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _is_readable(request):
            return _refused("bad_body")
        # PostgreSQL has no NUL in a text, files none in their names.
        if request.path_info.startswith(API):
            return self._get_response(request)
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "") or _has_no_field(request):
            return _refused()
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if request.method != "POST" or match is None or match.app_names[:1] != ["admin"]:
            return None
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        return None if all(whole_number(one, 1, LARGEST_ID) for one in selected) else _refused()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A number or date that the database, or Python's datetime, cannot hold."""
        return _refused() if isinstance(error, OverflowError | DataError) else None


def _is_readable(request: HttpRequest) -> bool:
    """Its form, if it has one. It is kept: who reads it next does not parse it again."""
    try:
        _ = request.POST
    except UNREADABLE:
        return False
    return True


def _has_no_field(request: HttpRequest) -> bool:
    """What the admin's windows of related rows name; every row of ours is named by its id, and Django logs an error
    for each other name."""
    return any(values.get(TO_FIELD_VAR, "id") != "id" for values in (request.GET, request.POST))


def _refused(code: str = "bad_value") -> HttpResponse:
    return HttpResponseBadRequest(code, content_type="text/plain")
