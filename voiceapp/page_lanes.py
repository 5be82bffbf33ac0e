"""Which requests wait for each other (voiceapp/server/lanes.py): sign-ins, pages that a browser with a session asks
for, and all others; and what who finds too many of them is shown.

Strangers, as many as they are, so keep nobody waiting who works here. Whether the session exists is not asked, which
would be a query: whoever makes one up waits among the signed-in, and there too a source has a share and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.utils import translation

from calls.desk.sign_in.attempts import BUSY, refused
from calls.desk.sign_in.source import source_of
from voiceapp.no_store import NoStore
from voiceapp.runtime import metrics
from voiceapp.server.lanes import Application, Lane, LaneFull, Receive, Scope, Send, answer_in

NOT_PAGES = ("/twilio/", "/healthz", "/readyz", "/metrics")
SIGN_INS_AT_ONCE, MOST_SIGN_INS, MOST_SIGN_INS_OF_SOURCE = 2, 24, 8
"""Their passwords are hashed one at a time, a third of a second each (voiceapp/passwords.py): eight seconds of that."""
PAGES_AT_ONCE, STRANGERS_PAGES_AT_ONCE, LONGEST_PAGE_S = 2, 1, 0.5
"""With a session, without one. Three together: with four, webhooks waited for longer than 200 ms
(docs/performance.md)."""
MOST_PAGES, MOST_PAGES_OF_SOURCE = 192, 48
"""With a session. So many are seconds of work. Only what waits or is worked on counts: an office of fifteen behind one
address, whose browsers ask for style sheets and scripts as well, has three each."""
MOST_STRANGERS_PAGES, MOST_STRANGERS_PAGES_OF_SOURCE = 128, 24
"""Without one. Both together leave a third of the connections that a process takes."""
RETRY_S = 5


class PageLanes:
    """ASGI, before Django's."""

    def __init__(self, application: Application, longest_s: float = LONGEST_PAGE_S) -> None:
        """``longest_s``: a page that takes longer lets the next one begin beside it; 0: never."""
        self._application = application
        self._sign_ins = Lane(SIGN_INS_AT_ONCE, MOST_SIGN_INS, MOST_SIGN_INS_OF_SOURCE)
        self._pages = Lane(PAGES_AT_ONCE, MOST_PAGES, MOST_PAGES_OF_SOURCE, longest_s)
        self._strangers_pages = Lane(
            STRANGERS_PAGES_AT_ONCE, MOST_STRANGERS_PAGES, MOST_STRANGERS_PAGES_OF_SOURCE, longest_s
        )
        self._answers: dict[tuple[bool, str, bool], HttpResponse] = {}
        """Of who is refused: made once for each language."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(NOT_PAGES):
            await self._application(scope, receive, send)
            return
        signs_in = scope["method"] == "POST" and scope["path"] == settings.LOGIN_URL
        pages = self._pages if _has_session(scope) else self._strangers_pages
        lane = self._sign_ins if signs_in else pages
        try:
            place = await lane.enter(_source_of(scope))
        except LaneFull:
            await self._refuse(signs_in, scope, send)
            return
        await answer_in(place, self._application, scope, receive, send)

    async def _refuse(self, signs_in: bool, scope: Scope, send: Send) -> None:
        refusals = metrics.SIGN_INS_REFUSED.labels(BUSY) if signs_in else metrics.PAGES_REFUSED
        refusals.inc()
        request = _request(scope)
        of = signs_in, translation.get_language_from_request(request), request.is_secure()
        if of not in self._answers:
            with translation.override(of[1]):
                self._answers[of] = _with_headers(sign_in_busy if signs_in else pages_busy)(request)
        answer = self._answers[of]
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})


def _has_session(scope: Scope) -> bool:
    """A session's cookie is there, be it made up."""
    cookie = f"{settings.SESSION_COOKIE_NAME}=".encode()
    return any(name == b"cookie" and cookie in value for name, value in scope["headers"])


def _source_of(scope: Scope) -> str | None:
    # Without the other headers: they cost the loop time, and some of them are not as Django wants them.
    headers = [(name, value) for name, value in scope["headers"] if name == b"x-real-ip"]
    return source_of(_request({**scope, "headers": headers}))


def _request(scope: Scope) -> ASGIRequest:
    """Without its body, and its query, which may be no text."""
    return ASGIRequest({**scope, "query_string": b""}, BytesIO())


def sign_in_busy(request: HttpRequest) -> HttpResponse:
    return refused(request, BUSY)


def pages_busy(request: HttpRequest) -> HttpResponse:
    """A tenth of what a page costs, and no database."""
    answer = render(request, "503.html", status=503)
    answer["Retry-After"] = str(RETRY_S)
    return answer


def _with_headers(view: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Those that every page has."""
    view_under_policy: Any = CSPMiddleware(view)
    return SecurityMiddleware(NoStore(view_under_policy))
