"""Write the access log: an access is noted before what was asked for is given; else nothing is given."""

from __future__ import annotations

import getpass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from calls.desk.access_log.models import AccessEntry

Kind = AccessEntry.Kind

SAME_ACCESS = timedelta(minutes=10)
"""A player asks again and again while it plays, a page is loaded anew: after so long without a request it is another
access."""
KEPT_FOR = timedelta(days=731)
"""24 months, of which one may have a leap day."""


def note_lasting(kind: AccessEntry.Kind, user: Any, call_sid: str = "", stream_sid: str = "", calls: int = 1) -> None:
    """An access that lasts: one row, however often it asks. Blocking."""
    now = timezone.now()
    with transaction.atomic():
        # Browsers send several requests at once: one person's are told apart one by one.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        rows = AccessEntry.objects.filter(kind=kind, user=user, call_sid=call_sid, stream_sid=stream_sid)
        if not rows.filter(last_at__gt=now - SAME_ACCESS).update(last_at=_not_before(now)):
            note(kind, user, call_sid=call_sid, stream_sid=stream_sid, calls=calls)


def note(kind: AccessEntry.Kind, user: Any, **what: Any) -> None:
    """An access of its own; ``what``: further fields of the row. Blocking."""
    now = timezone.now()
    AccessEntry.objects.create(kind=kind, user=user, username=user.get_username(), began_at=now, last_at=now, **what)


def note_command(kind: AccessEntry.Kind, command: str, **what: Any) -> None:
    """An access by ``manage.py command``, under the system's user. Blocking."""
    now = timezone.now()
    who = f"manage.py {command} ({getpass.getuser()})"
    AccessEntry.objects.create(kind=kind, username=who[:150], began_at=now, last_at=now, **what)


def note_program(kind: AccessEntry.Kind, name: str, *, call_sid: str = "", **what: Any) -> None:
    """An access by another system, which has no person: one row for as long as it goes on asking for the same. Two
    requests of a moment may write two. Blocking."""
    now = timezone.now()
    rows = AccessEntry.objects.filter(kind=kind, user=None, username=name[:150], call_sid=call_sid, **what)
    if not rows.filter(last_at__gt=now - SAME_ACCESS).update(last_at=_not_before(now)):
        AccessEntry.objects.create(kind=kind, username=name[:150], call_sid=call_sid, began_at=now, last_at=now, **what)


def _not_before(now: datetime) -> Greatest:
    """``now``, or what another request has written while this one waited: the database refuses an earlier time."""
    return Greatest(F("last_at"), Value(now))


def delete_old() -> int:
    """Delete what has been kept for long enough; returns how many rows. Blocking."""
    return AccessEntry.objects.filter(began_at__lt=timezone.now() - KEPT_FOR).delete()[0]
