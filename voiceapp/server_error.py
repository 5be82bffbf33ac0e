"""What is answered where a request has raised: 503 where only the database is away, which the next request may find
back; else 500."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views import defaults

from voiceapp.runtime.away import RETRY_S, is_away


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called while the error is handled, also one of the middleware's. Neither page asks the
    database."""
    if not is_away(sys.exc_info()[1]):
        return defaults.server_error(request)
    # A session is read before the language is known.
    with translation.override(translation.get_language_from_request(request)):
        answer = render(request, "503.html", {"database_away": True}, status=503)
    answer["Retry-After"] = str(RETRY_S)
    return answer
