"""What the API says when it gives nothing: RFC 9457 problems, each with a code that stays."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field

MEDIA_TYPE = "application/problem+json"
TITLES = {
    "bad_parameter": (400, "A parameter cannot be understood"),
    "not_authenticated": (401, "No token, or one that does not stand"),
    "scope_missing": (403, "The token may not read this"),
    "not_found": (404, "There is no such call, or the token may not read it"),
    "method_not_allowed": (405, "The API is only read"),
    "too_many_requests": (429, "The token asked too often"),
    "database_away": (503, "The database does not answer"),
}
"""By code: status and title."""
DETAILS = {
    "bad_parameter": "See errors.",
    "not_authenticated": "Send the header Authorization: Bearer TOKEN: people make and revoke tokens in the admin.",
    "not_found": "Ask for a CallSid that the list of calls has: the list is what the token may read.",
    "method_not_allowed": "Ask by GET.",
    "too_many_requests": "Wait as long as Retry-After says.",
    "database_away": "Ask again after as long as Retry-After says.",
}
"""What to do, where nothing more is known."""


class FaultyParameter(Schema):
    """What is wrong with one parameter."""

    parameter: str = Field(description="Its name.")
    detail: str = Field(description="What is wrong with it, for people.")


class ProblemOut(Schema):
    """RFC 9457; ``code`` is what programs look at."""

    type: str = Field("about:blank", description="Always about:blank: the code says which problem it is.")
    title: str = Field(description="The problem, for people.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="The problem, for programs: it stays what it is.")
    detail: str = Field("", description="What to do.")
    errors: list[FaultyParameter] = Field([], description="Of bad_parameter: each parameter that is wrong.")


class ApiProblem(Exception):
    """Raised by an endpoint; ``code`` is one of TITLES."""

    def __init__(self, code: str, detail: str = "", errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.errors = code, detail, errors or []


def answer(problem: ApiProblem, **headers: str) -> HttpResponse:
    status, title = TITLES[problem.code]
    said: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": problem.code}
    said |= {"detail": problem.detail or DETAILS.get(problem.code, ""), "errors": problem.errors}
    return HttpResponse(json.dumps(said), status=status, content_type=MEDIA_TYPE, headers=headers)
