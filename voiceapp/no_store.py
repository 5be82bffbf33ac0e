"""Nothing that the application answers is kept by a browser or a proxy: it holds callers' words and voices, costs, or
settings, and who signs out, or loses a permission, leaves none of it behind.

Static files are answered before (whitenoise), and are kept.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

NO_STORE = "private, no-store"


class NoStore:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        # Whatever a view says: one that forgets is the one that this is for.
        answer["Cache-Control"] = NO_STORE
        return answer
