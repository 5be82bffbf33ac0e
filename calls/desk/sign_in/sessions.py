"""How long a person's session lasts, and how all of one person's sessions are ended.

A session ends SESSION_IDLE_MIN after it was last used, SESSION_MAX_H after it began, when the password is changed
(Django's own rule), and when its person, or a command, ends all of them. A page that watches live uses its session.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

BEGAN, USED = "began_s", "used_s"
"""Keys of a session: seconds since 1970."""
NOTED_EVERY_S = 300
"""So seldom its use is written: a player asks for sound many times a minute."""
NOBODYS = ("/twilio/", "/api/", "/healthz", "/readyz", "/metrics")
"""Paths that ask for no person: whoever opens one in a signed-in browser is answered also without a database."""


class SessionAge:
    """Middleware, behind the session's and before the person's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if asks_for_person(request) and SESSION_KEY in request.session:
            if is_over(request.session):
                request.session.flush()
            else:
                note_use(request.session)
        return self._get_response(request)


def asks_for_person(request: HttpRequest) -> bool:
    """Its session is looked for. Without a cookie there is none."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(NOBODYS)


def begin(request: HttpRequest, **_: Any) -> None:
    """Somebody has signed in. A signal's receiver."""
    request.session[BEGAN] = request.session[USED] = int(time.time())
    # What has expired is looked through whenever all of somebody's are ended.
    request.session.clear_expired()


def is_over(session: SessionBase) -> bool:
    now_s = time.time()
    idle_s, longest_s = settings.SESSION_IDLE_MIN * 60, settings.SESSION_MAX_H * 3600
    return now_s - session.get(USED, now_s) > idle_s or now_s - session.get(BEGAN, now_s) > longest_s


def note_use(session: SessionBase) -> None:
    """Written with the session, now and then. One of before there were times begins now."""
    now_s = int(time.time())
    session.setdefault(BEGAN, now_s)
    if now_s - session.get(USED, 0) >= NOTED_EVERY_S:
        session[USED] = now_s


def read(session_key: str | None) -> SessionBase:
    """As the database has it now; empty where there is none. Blocking."""
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key)


def person_of(session: SessionBase) -> Any:
    """Who has signed in with it and still may; None where nobody has. Blocking.

    As django.contrib.auth.get_user, but the session stays as it is: a socket cannot hand its browser a new cookie. It
    is also valid by a SECRET_KEY of before (Channels' own check knows only the present one, and ends the session).
    """
    if SESSION_KEY not in session or is_over(session):
        return None
    person: Any = get_user_model()._default_manager.filter(pk=session[SESSION_KEY], is_active=True).first()
    if person is None:
        return None
    kept = session.get(HASH_SESSION_KEY, "")
    valid = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    return person if any(constant_time_compare(kept, one) for one in valid) else None


def end_all(person: Any) -> int:
    """End all of a person's sessions, everywhere and at once; returns how many. Live pages follow within a minute.
    Blocking."""
    return Session.objects.filter(pk__in=_keys_of(person)).delete()[0]


def count(person: Any) -> int:
    """How many sessions of a person are running. Blocking."""
    return len(_keys_of(person))


def _keys_of(person: Any) -> list[str]:
    """Each is opened: Django keeps no column of whose it is."""
    running = Session.objects.filter(expire_date__gt=timezone.now())
    return [row.pk for row in running.iterator() if row.get_decoded().get(SESSION_KEY) == str(person.pk)]
