"""How many sign-ins may fail: django-axes counts them in the database, so that a restart forgets none.

AXES_FAILURE_LIMIT of one name from one source lock that pair for AXES_COOLOFF_TIME, and MOST_OF_SOURCE of one source,
whatever the names, lock the source. A name is not locked from everywhere: anybody could keep its owner out. Guessing it
from many sources is bounded by the hashing (voiceapp/passwords.py) and comes to nothing at the second factor.
"""

from __future__ import annotations

import logging
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

MOST_OF_SOURCE = 20
"""An office has one address."""
LOCKED = "locked"
BUSY = "busy"
BUSY_S = 5
"""Who finds too many signing in tries again after so long."""


class Attempts(AxesDatabaseHandler):
    """Of who has failed, by name and source together, and by source."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """As failures of the pair, whichever of the two is nearer to its bound. Two queries."""
        of_pair: int = super().get_failures(request, credentials)
        if request.axes_ip_address is None:
            return of_pair
        rows = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address, attempt_time__gte=get_cool_off_threshold(request)
        )
        of_source: int = rows.aggregate(count=Sum("failures_since_start"))["count"] or 0
        return max(of_pair, of_source * settings.AXES_FAILURE_LIMIT // MOST_OF_SOURCE)


def note_lock(ip_address: str | None = None, **_: Any) -> None:
    """One line, which names the source and not the name: people type passwords there. A signal's receiver."""
    logger.warning("sign_in_locked: %s, for %d minutes", ip_address or "a proxy", _locked_s() // 60)


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """What django-axes answers with."""
    return refused(request, LOCKED)


def refused(request: HttpRequest, why: str) -> HttpResponse:
    """The page of who may not try now, whatever the name and the password are. ``why``: LOCKED | BUSY."""
    metrics.SIGN_INS_REFUSED.labels(why).inc()
    shown = {"is_locked": why == LOCKED, "minutes": _locked_s() // 60}
    answer = render(request, "429.html", shown, status=429)
    answer["Retry-After"] = str(_locked_s() if why == LOCKED else BUSY_S)
    return answer


def _locked_s() -> int:
    return int(settings.AXES_COOLOFF_TIME.total_seconds())
