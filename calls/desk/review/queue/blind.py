"""Of two reviews of a call each is blind: what a person is not told before they are done with it, and whether they were
told it all the same.

The one door for every page, list, filter, search and file that a person reads. What systems read (API tokens, webhooks)
and what a caller is owed of their own calls (calls/desk/privacy/) are whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import BigIntegerField, Exists, ExpressionWrapper, Model, OuterRef, Q, QuerySet

from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS
from calls.desk.review.models import Correction
from calls.desk.review.queue.models import CallNote, CallReview, CallTag, Informed, Mention, TurnMark
from calls.desk.review.queue.waiting import not_reviewed_by, unreviewed
from calls.storage.models import Call
from calls.storage.queued_calls import QueuedCall

Row = TypeVar("Row", bound=Model)


def blind_for(user: Any, now: datetime) -> QuerySet[QueuedCall]:
    """Calls of which this person may be one of two reviewers: what anybody else said is kept from them until they are
    done. Also what was said by who is still at work, or gave the call back, or never had it.

    Whether or not anything was said, which would have to be asked of each call, and whether or not they have the call
    yet: a page that is only looked at would tell. Who oversees reviews sees all, until they have the call themselves.
    """
    # The index ``queue_of_two`` has them.
    rows = not_reviewed_by(unreviewed(user), user).filter(wanted__gt=1)
    if user.has_perm(CORRECT) and not user.has_perm(OVERSEE_REVIEWS):
        return rows
    return rows.filter(claimed_by=user, claimed_until__gt=now)


def is_blind(call: Call, user: Any, now: datetime) -> bool:
    return blind_for(user, now).filter(pk=call.pk).exists()


def is_independent(call: Call, user: Any, now: datetime) -> bool:
    """Nothing that others said of the call could be read by this person until now, when they are done with it."""
    if not is_blind(call, user, now) or Informed.objects.filter(call=call, user=user).exists():
        return False
    return not (user.has_perm(OVERSEE_REVIEWS) and others_said(call, user))


def others_said(call: Call, user: Any) -> bool:
    """Somebody else, deleted or not, has said something of the call."""
    kinds: tuple[Any, ...] = (CallReview, Correction, TurnMark, CallTag, CallNote)
    return any(kind.objects.filter(call=call).exclude(user=user).exists() for kind in kinds)


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
