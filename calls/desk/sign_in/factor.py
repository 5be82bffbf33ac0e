"""Who must have a second factor, and who has shown it: until then nothing is shown but the page that asks for it.

With SECOND_FACTOR=required it is asked of whoever may listen, export or tune, and of superusers. One middleware stands
before every page; the live socket asks ``is_due`` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from calls.desk.permissions import NEEDS_SECOND_FACTOR
from calls.desk.sign_in.sessions import asks_for_person

OPEN = frozenset({"admin:login", "admin:logout", "set_language", "account:verify", "account:enrol"})
"""Names of the pages that whoever is still asked may see."""


def is_required_of(person: Any) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    return person.is_superuser or any(person.has_perm(permission) for permission in NEEDS_SECOND_FACTOR)


def has_shown(person: Any, session: SessionBase) -> bool:
    """In this session, and with a device that is still theirs. A query where the session says so."""
    device = Device.from_persistent_id(session.get(DEVICE_ID_SESSION_KEY, ""))
    return device is not None and device.confirmed and device.user_id == person.pk


def is_due(person: Any, session: SessionBase) -> bool:
    """It is required, and has not been shown in this session. Blocking."""
    return is_required_of(person) and not has_shown(person, session)


class SecondFactor:
    """Middleware, behind the person's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(self, request: Any, *_view: Any) -> HttpResponse | None:
        if not asks_for_person(request) or not request.user.is_authenticated:
            return None
        request.second_factor_is_due = is_due(request.user, request.session)
        if not request.second_factor_is_due or request.resolver_match.view_name in OPEN:
            return None
        back = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return redirect(reverse("account:verify") + back)
