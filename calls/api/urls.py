"""The API as a whole: its endpoints, its document, and what it answers where it gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, Throttled, ValidationError

from calls.api import problems
from calls.api.endpoints import ASKED, RATE, Bearer, OfToken, router, unknown_parameters
from calls.api.problems import ApiProblem
from voiceapp.runtime.away import RETRY_S, is_away


class Api(NinjaAPI):
    """Its document says of problems what they are."""

    def get_openapi_schema(self, **options: Any) -> Any:
        document = super().get_openapi_schema(**options)
        document["servers"] = [{"url": settings.PUBLIC_URL or "/"}]
        for path in document["paths"].values():
            for operation in path.values():
                for status, said in operation["responses"].items():
                    if int(status) >= 400:
                        said["content"] = {problems.MEDIA_TYPE: said["content"]["application/json"]}
        return document


def make_api() -> Api:
    api = Api(
        title="Calls",
        version="1",
        description="Calls and their turns, to read. Codes of problems stay what they are; fields may come, none goes.",
        auth=Bearer(),
        throttle=[OfToken(RATE)],
        docs_url=None,
        urls_namespace="api",
    )
    api.add_router("", router)
    api.add_exception_handler(ApiProblem, _problem)
    api.add_exception_handler(ValidationError, _bad_parameter)
    api.add_exception_handler(AuthenticationError, _not_authenticated)
    api.add_exception_handler(Throttled, _too_many)
    api.add_exception_handler(OperationalError, _database_away)
    return api


def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    return problems.answer(problem)


def _bad_parameter(request: HttpRequest, error: Any) -> HttpResponse:
    faults = [{"parameter": str(one["loc"][-1]), "detail": str(one["msg"])} for one in error.errors]
    match = request.resolver_match
    # The library has looked at the parameters that it knows, before the endpoint could look at the others.
    unknown = unknown_parameters(request, ASKED.get(match.url_name or "", Schema)) if match else []
    return problems.answer(ApiProblem("bad_parameter", errors=[*faults, *unknown]))


def _not_authenticated(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.answer(ApiProblem("not_authenticated"), **{"WWW-Authenticate": 'Bearer realm="calls"'})


def _too_many(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.answer(ApiProblem("too_many_requests"), **{"Retry-After": str(int(error.wait or 0) + 1)})


def _database_away(request: HttpRequest, error: Any) -> HttpResponse:
    if not is_away(error):
        raise error
    return problems.answer(ApiProblem("database_away"), **{"Retry-After": str(RETRY_S)})


def _with_problems(view: Any) -> Callable[..., HttpResponse]:
    """What the library refuses by itself, which no handler of errors sees: a method that a path does not have."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        response = view(request, *args, **values)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        return problems.answer(ApiProblem("method_not_allowed"), Allow=response["Allow"])

    return answered


urls = make_api().urls
for _path in urls[0]:
    _path.callback = _with_problems(_path.callback)
