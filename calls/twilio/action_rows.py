"""The row of what a supervisor did to a call: begun once, ended with what came of it, counted."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from calls.twilio.models import SupervisorAction
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

Kind, Outcome = SupervisorAction.Kind, SupervisorAction.Outcome
STALE_S = 30.0
"""A row that is still ``asked`` after this long is of a process that died in between: it may be asked again."""
BY_LINE = "line"
"""In the place of a username."""


def begin(call_sid: str, user: Any, kind: str, number: str = "", ask: str = "") -> tuple[SupervisorAction, bool]:
    """The action's row, and whether it is ours to carry out. ``user``: None where the line's own answer asked.

    Asked for twice it is done once; ``ask`` tells two of a kind apart. Raises DatabaseError.
    """
    now = timezone.now()
    once = {"call_sid": call_sid, "kind": kind, "number": number, "ask": ask}
    try:
        with transaction.atomic():
            row = SupervisorAction.objects.create(user=user, username=name_of(user), asked_at=now, **once)
            return row, True
    except IntegrityError:
        pass
    rows = SupervisorAction.objects.filter(**once).exclude(outcome=Outcome.FAILED)
    stale = rows.filter(outcome=Outcome.ASKED, asked_at__lt=now - timedelta(seconds=STALE_S))
    mine = stale.update(asked_at=now, user=user, username=name_of(user)) == 1
    return rows.get(), mine


def end(action: SupervisorAction, outcome: str, code: str = "") -> SupervisorAction:
    """What came of it. Raises DatabaseError."""
    # A short sentence may have been said before its order is known to be taken.
    asked = SupervisorAction.objects.filter(pk=action.pk, outcome=Outcome.ASKED)
    asked.update(outcome=outcome, code=code, done_at=timezone.now())
    action.refresh_from_db()
    metrics.SUPERVISOR_ACTIONS.labels(action.kind, outcome).inc()
    logger.info("call %s: %s by %s: %s %s", action.call_sid, action.kind, action.username, outcome, code)
    return action


def came_to(call_sid: str, ask: str, fate: str) -> None:
    """What became of a sentence that the call has taken. Raises DatabaseError."""
    rows = SupervisorAction.objects.filter(call_sid=call_sid, kind=Kind.SAY, ask=ask)
    rows.exclude(outcome=Outcome.FAILED).update(outcome=fate, done_at=timezone.now())


def name_of(user: Any) -> str:
    """Who asked, on the row; without a user it was the line's own answer."""
    return BY_LINE if user is None else str(user.get_username())


def standing(call_sid: str) -> SupervisorAction | None:
    """How the call was ended or handed over, or is being; the newest. Raises DatabaseError."""
    asked = Q(outcome=Outcome.ASKED, asked_at__gte=timezone.now() - timedelta(seconds=STALE_S))
    rows = SupervisorAction.objects.filter(call_sid=call_sid, kind__in=(Kind.END, Kind.HAND_OVER))
    return rows.filter(Q(outcome=Outcome.DONE) | asked).first()


def quiet_by(call_sid: str) -> str:
    """Who made the line be quiet last, unless somebody has let it answer again since. Raises DatabaseError."""
    rows = SupervisorAction.objects.filter(call_sid=call_sid, kind__in=(Kind.QUIET, Kind.RELEASE), outcome=Outcome.DONE)
    last = rows.first()
    return last.username if last is not None and last.kind == Kind.QUIET else ""
