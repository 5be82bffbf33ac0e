"""The API of calls and turns, version 1: read-only, for other systems, by their tokens (docs/api.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from ninja.security import HttpBearer
from ninja.throttling import AuthRateThrottle
from pydantic import Field

from calls.api import reading
from calls.api.models import ApiToken, Scope, token_of
from calls.api.paging import CURSOR
from calls.api.problems import ApiProblem, ProblemOut
from calls.api.schemas import CallOut, CallsOut, Moment, Sid, TurnsOut
from calls.core.addresses import canonical
from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note_program
from calls.storage.models import Call

RATE = "120/m"
"""Of a token, in each process that serves pages."""
MOST_A_PAGE = 200
CURSOR_SAID = "next_cursor of the page before; without it, the first page."
LIMIT_SAID = "The most that a page has."
Cursor = Annotated[str, Field(pattern=CURSOR)]
CallSid = Annotated[Sid, Path(description="Twilio's CallSid, as the list of calls has it.")]
Limit = Annotated[int, Field(ge=1, le=MOST_A_PAGE)]
PROBLEMS = {400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 429: ProblemOut, 503: ProblemOut}


class Bearer(HttpBearer):
    """``Authorization: Bearer TOKEN``."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return token_of(token)


class OfToken(AuthRateThrottle):
    """So many requests of a token."""

    def get_cache_key(self, request: HttpRequest) -> str:
        return f"api-rate-{request.auth.pk}"  # type: ignore[attr-defined]


router = Router()


class CallsAsked(Schema):
    """Filters of the list."""

    started_since: Moment | None = Field(None, description="Calls that began then or later, with its offset from UTC.")
    started_before: Moment | None = Field(None, description="Calls that began before then, with its offset from UTC.")
    line: Annotated[str, Field(pattern=r"^[A-Za-z0-9+:@._-]{1,64}$")] | None = Field(
        None, description="Calls to this number, in any notation: 03-…, or +972…, the + written %2B in an address."
    )
    state: Literal["live", "ended"] | None = Field(None, description="Calls that run, or that are over.")
    order: Literal["newest_first", "oldest_first"] = Field("newest_first", description="By when calls began.")
    cursor: Cursor | None = Field(None, description=CURSOR_SAID)
    limit: Limit = Field(50, description=LIMIT_SAID)


class TurnsAsked(Schema):
    """Pages of a call's turns."""

    cursor: Cursor | None = Field(None, description=CURSOR_SAID)
    limit: Limit = Field(MOST_A_PAGE, description=LIMIT_SAID)


ASKED: dict[str, type[Schema]] = {"list_calls": CallsAsked, "list_turns": TurnsAsked}
"""The parameters that a path has, by the name of its view; the others have none."""


@router.get("/calls", response={200: CallsOut, **PROBLEMS}, operation_id="list_calls")
def list_calls(request: HttpRequest, asked: Query[CallsAsked]) -> Any:
    """Calls that have begun, a page at a time. Needs calls:read."""
    token = _allowed(request, Scope.CALLS, CallsAsked)
    narrowed = reading.CallFilter(
        since=asked.started_since,
        until=asked.started_before,
        line=canonical(asked.line or ""),
        state=asked.state or "",
        oldest_first=asked.order == "oldest_first",
    )
    page = reading.page_of_calls(token, narrowed, asked.cursor, asked.limit)
    note_program(Kind.READ, str(token), calls=0, detail=Detail.API_CALLS)
    return page


@router.get("/calls/{call_sid}", response={200: CallOut, 404: ProblemOut, **PROBLEMS}, operation_id="read_call")
def read_call(request: HttpRequest, call_sid: CallSid) -> Any:
    """One call. Needs calls:read."""
    token = _allowed(request, Scope.CALLS)
    call = _call(token, call_sid)
    note_program(Kind.READ, str(token), call_sid=call.call_sid, detail=Detail.API_CALL)
    return reading.call_out(call, token)


@router.get("/calls/{call_sid}/turns", response={200: TurnsOut, 404: ProblemOut, **PROBLEMS}, operation_id="list_turns")
def list_turns(request: HttpRequest, call_sid: CallSid, asked: Query[TurnsAsked]) -> Any:
    """A call's turns in the order in which they were spoken, also while it runs. Needs words:read."""
    token = _allowed(request, Scope.WORDS, TurnsAsked)
    call = _call(token, call_sid)
    note_program(Kind.READ, str(token), call_sid=call.call_sid, detail=Detail.API_TURNS)
    return reading.page_of_turns(call, asked.cursor, asked.limit)


def _allowed(request: HttpRequest, scope: Scope, asked: type[Schema] = Schema) -> ApiToken:
    """``asked``: the parameters that there are. Raises ApiProblem: a filter whose name is misspelt would not narrow."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    if not token.may(scope):
        raise ApiProblem("scope_missing", f"It needs {scope.value}.")
    if errors := unknown_parameters(request, asked):
        raise ApiProblem("bad_parameter", errors=errors)
    return token


def unknown_parameters(request: HttpRequest, asked: type[Schema]) -> list[dict[str, str]]:
    """What a problem says of each parameter that there is not, and of each that is given twice: one of the two would
    be taken, and nobody knows which."""
    found = []
    for name, values in sorted(request.GET.lists()):
        if name not in asked.model_fields:
            found.append({"parameter": name, "detail": "There is no such parameter."})
        elif len(values) > 1:
            found.append({"parameter": name, "detail": "It is given more than once."})
    return found


def _call(token: ApiToken, call_sid: str) -> Call:
    call = reading.calls_of(token).filter(call_sid=call_sid).first()
    if call is None:
        raise ApiProblem("not_found")
    return call
