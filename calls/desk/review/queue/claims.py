"""Who has which call open: of two who want one, the database lets one have it.

Each step is one UPDATE with its condition: where two meet, the second waits for the first's row and then finds that its
condition does not hold any more (PostgreSQL's READ COMMITTED; SQLite writes one after the other anyway).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet

from calls.desk.review.queue.waiting import doubtful, free, not_reviewed_by, unreviewed
from calls.storage.queued_calls import QueuedCall

CLAIMED_FOR = timedelta(minutes=10)
"""Unless it is renewed: a page that is open does so every RENEWED_EVERY_S."""
RENEWED_EVERY_S = 120
CANDIDATES = 10
"""Calls that are tried before it is asked anew: others may take them meanwhile."""
ATTEMPTS = 20
MOST_PUT_BACK = 100


def claim(call: int, user: Any, now: datetime) -> bool:
    """Have a call, which nobody else has and which this person has not reviewed yet. False: it was not to be had."""
    return _take(QueuedCall.objects.filter(pk=call), user, now)


def _take(rows: QuerySet[QueuedCall], user: Any, now: datetime) -> bool:
    rows = free(not_reviewed_by(rows, user), user, now)
    return bool(rows.update(claimed_by=user, claimed_at=now, claimed_until=now + CLAIMED_FOR))


def renew(call: int, user: Any, now: datetime) -> bool:
    """Keep a call that one has. False: somebody else has it meanwhile, or it was freed."""
    return bool(QueuedCall.objects.filter(pk=call, claimed_by=user).update(claimed_until=now + CLAIMED_FOR))


def put_back(call: int, user: Any) -> None:
    QueuedCall.objects.filter(pk=call, claimed_by=user).update(**UNCLAIMED)


def free_claim(call: int) -> None:
    """Whoever has it: their page is told when it next renews."""
    QueuedCall.objects.filter(pk=call).update(**UNCLAIMED)


UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


def next_call(user: Any, now: datetime, *, sample: int | None = None, put_back: list[int]) -> int | None:
    """Claim the call that this person reviews next: one that they have, else the most doubtful, of equals the newest;
    of a sample the next that was drawn. None: nothing waits. Blocking."""
    rows = not_reviewed_by(unreviewed(user), user).exclude(pk__in=put_back)
    if sample is None:
        rows = rows.filter(doubt__gt=0).order_by("-doubt", "-call_id")
        candidates = partial(doubtful, user, now, CANDIDATES, without=put_back)
    else:
        rows = rows.filter(samples__sample=sample).order_by("samples__position")
        candidates = partial(_first, free(rows, user, now))
    return _own(rows, user, now) or _free(candidates, user, now)


def _first(rows: QuerySet[QueuedCall]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:CANDIDATES])


def _own(rows: QuerySet[QueuedCall], user: Any, now: datetime) -> int | None:
    for call in rows.filter(claimed_by=user, claimed_until__gt=now).values_list("pk", flat=True):
        if renew(call, user, now):
            return call
    return None


def _free(candidates: Callable[[], list[int]], user: Any, now: datetime) -> int | None:
    for _attempt in range(ATTEMPTS):
        found = candidates()
        if not found:
            return None
        for call in found:
            # Somebody may have been done with it since the list was read.
            if _take(unreviewed(user).filter(pk=call), user, now):
                return call
    return None
