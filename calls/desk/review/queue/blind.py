"""Of two reviews of a call each is blind: what a person is not told before they are done with it.

The one door for every page, list, filter, search and file that a person reads. What systems read (API tokens, webhooks)
and what a caller is owed of their own calls (calls/desk/privacy/) are whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import BigIntegerField, Exists, ExpressionWrapper, Model, OuterRef, Q, QuerySet

from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS
from calls.desk.review.queue.models import CallNote, Mention
from calls.desk.review.queue.waiting import not_reviewed_by, unreviewed
from calls.storage.models import Call
from calls.storage.queued_calls import QueuedCall

Row = TypeVar("Row", bound=Model)


def blind_for(user: Any, now: datetime) -> QuerySet[QueuedCall]:
    """Calls of which this person may be the second of two reviewers: what the first one said is kept from them until
    they are done. Also while the first is still at work.

    Whether or not they have the call yet: a page that is only looked at would tell. Who oversees reviews sees all,
    until they have the call themselves.
    """
    at_work = Q(claimed_by__isnull=False, claimed_until__gt=now) & ~Q(claimed_by=user)
    # Of which more than one review is wanted: the index ``queue_of_two`` has them.
    rows = not_reviewed_by(unreviewed(user), user).filter(Q(done__gt=0) | at_work, wanted__gt=1)
    if user.has_perm(CORRECT) and not user.has_perm(OVERSEE_REVIEWS):
        return rows
    return rows.filter(claimed_by=user, claimed_until__gt=now)


def is_blind(call: Call, user: Any, now: datetime) -> bool:
    return blind_for(user, now).filter(pk=call.pk).exists()


def told(rows: QuerySet[Row], user: Any, now: datetime) -> QuerySet[Row]:
    """Of what people said of calls (rows with a ``call`` and a ``user``) that which this person is told: their own, all
    of calls that they are not blind for, and notes that name them."""
    # Not "own or of no such call": behind an OR PostgreSQL asks for each row, where it can join all of them once.
    author = ExpressionWrapper(OuterRef("user_id"), BigIntegerField())
    untold = blind_for(user, now).filter(pk=OuterRef("call_id")).annotate(author=author)
    untold = untold.filter(Q(author=None) | ~Q(author=user.pk))  # an author who was deleted is another person
    if rows.model is CallNote:
        untold = untold.exclude(Exists(Mention.objects.filter(note=OuterRef(OuterRef("pk")), user=user)))
    return rows.filter(~Exists(untold))
