"""Which calls wait for a reviewer, and of which of them a person must not know what the first reviewer said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from calls.desk.line_limits.seen import seen_by
from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS
from calls.storage.models import Call
from calls.storage.queued_calls import QueuedCall

MOST_COUNTED = 1000


def unreviewed(user: Any) -> QuerySet[QueuedCall]:
    """Calls that this person sees and of which another review is wanted."""
    return seen_by(user).of(QueuedCall).filter(done__lt=F("wanted"))


def waiting(user: Any, now: datetime, most: int = MOST_COUNTED) -> int:
    """How many calls with doubt wait for this person; never more than ``most``, which then means "or more". Without
    those that others have open: they are nobody else's next. One read of an index: a few milliseconds, however many
    calls there are."""
    rows = free(not_reviewed_by(unreviewed(user), user), user, now).filter(doubt__gt=0)
    return len(rows.order_by("-doubt", "-call_id").values_list("pk")[:most])


def not_reviewed_by(rows: QuerySet[QueuedCall], user: Any) -> QuerySet[QueuedCall]:
    """Without those whose first review was this person's: the second is somebody else's."""
    return rows.filter(Q(last_reviewer=None) | ~Q(last_reviewer=user))


def free(rows: QuerySet[QueuedCall], user: Any, now: datetime) -> QuerySet[QueuedCall]:
    """Those that nobody else has open; a person who was deleted has none."""
    return rows.filter(Q(claimed_by=None) | Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_by=user))


def blind_for(user: Any, now: datetime) -> QuerySet[QueuedCall]:
    """Calls of which this person may be the second of two reviewers: what the first one said is kept from them until
    they are done.

    Whether or not they have the call yet: a page that is only looked at would tell. Who oversees reviews sees all,
    until they have the call themselves.
    """
    rows = not_reviewed_by(unreviewed(user), user).filter(done__gt=0)
    if user.has_perm(CORRECT) and not user.has_perm(OVERSEE_REVIEWS):
        return rows
    return rows.filter(claimed_by=user, claimed_until__gt=now)


def is_blind(call: Call, user: Any, now: datetime) -> bool:
    return blind_for(user, now).filter(pk=call.pk).exists()
