"""The gate before the login's password check: what is refused here costs neither a hash, a session nor a write.

A source that is locked is known for a few seconds without asking the database. How many wait for their password's check
is bounded before (voiceapp/page_lanes.py).
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from calls.desk.sign_in.attempts import LOCKED, refused
from calls.desk.sign_in.source import source_of

BELIEVED_S = 5.0
"""So long a lock is known without asking: ``manage.py axes_reset`` takes no longer to be heard of."""
MOST_REMEMBERED = 10_000
Pair = tuple[str | None, str]
"""A source and the name that it tries."""


class LoginGate:
    """Middleware; one process's. Any thread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._lock = threading.Lock()
        self._locked: OrderedDict[Pair, float] = OrderedDict()
        """Until when each is believed to be locked, by the monotonic clock."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or request.path != settings.LOGIN_URL:
            return self._get_response(request)
        # As the form and the database have it.
        name = unicodedata.normalize("NFKC", request.POST.get("username", "").strip())[:255]
        pair = (source_of(request), name)
        if self._is_remembered(pair):
            return refused(request, LOCKED)
        if AxesProxyHandler.is_locked(request, {"username": name}):
            self._remember(pair)
            return refused(request, LOCKED)
        return self._get_response(request)

    def _is_remembered(self, pair: Pair) -> bool:
        with self._lock:
            return self._locked.get(pair, 0.0) > time.monotonic()

    def _remember(self, pair: Pair) -> None:
        with self._lock:
            self._locked[pair] = time.monotonic() + BELIEVED_S
            self._locked.move_to_end(pair)
            while len(self._locked) > MOST_REMEMBERED:
                self._locked.popitem(last=False)
