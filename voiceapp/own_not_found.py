"""A page that is not there, as everybody sees it, also with DEBUG=1: the demo runs so, and Django's page for developers
speaks English alone."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.defaults import page_not_found


class OwnNotFound:
    """Middleware, the innermost: what an application has answered itself stays as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        # Django's own page is of this very class and says that it is HTML.
        is_page = type(answer) is HttpResponseNotFound and answer["Content-Type"].startswith("text/html")
        return page_not_found(request, Http404()) if is_page else answer
