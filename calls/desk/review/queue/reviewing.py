"""What a reviewer says of a call: a verdict, marks on its turns, the line's tags, notes that name people."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Subquery
from django.utils import timezone

from calls.desk.access_log.entries import Kind, note
from calls.desk.line_limits.seen import seen_by, who_see
from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS, READ
from calls.desk.review.corrections import standing
from calls.desk.review.models import Correction
from calls.desk.review.queue.blind import is_blind, is_independent, others_said
from calls.desk.review.queue.claims import UNCLAIMED, claim
from calls.desk.review.queue.models import CallNote, CallReview, CallTag, Informed, Mention, TurnMark
from calls.desk.review.queue.waiting import free
from calls.lines.masking import as_kept
from calls.lines.models import PhoneLine
from calls.storage.models import Call
from calls.storage.queued_calls import QueuedCall, queue

NAME = re.compile(r"(?<![A-Za-z0-9_@.+-])@([\w@+-]+(?:\.[\w@+-]+)*)")
"""As Django's user names are written; a full stop behind one ends the sentence. Before it may stand a Hebrew letter, as
in ל@dana; behind a Latin one it is an address."""
BACKEND = "django.contrib.auth.backends.ModelBackend"


UNDO_FOR = timedelta(minutes=10)
"""A review that was just made can be taken back for so long."""


class NotYours(Exception):
    """Somebody else has the call open."""


def finish(call: Call, user: Any, verdict: str, now: datetime) -> None:
    """The person is done with the call; once they are, only their verdict changes, which is not blind any more where
    others have said something. Raises NotYours."""
    with transaction.atomic():
        if not QueuedCall.objects.filter(pk=call.pk).exists():
            # It has only just ended, and the queue has not come to it.
            queue(Call.objects.select_for_update(of=("self",)).filter(pk=call.pk))
        note(Kind.REVIEW, user, call_sid=call.call_sid)
        own = CallReview.objects.filter(call=call, user=user)
        corrected = _corrected_by(call, user)
        if others_said(call, user):
            own.exclude(verdict=verdict).update(is_blind=False)
        if own.update(verdict=verdict, corrected=corrected):
            QueuedCall.objects.filter(pk=call.pk, claimed_by=user).update(**UNCLAIMED)
            return
        independent = is_independent(call, user, now)
        rows = free(QueuedCall.objects.filter(pk=call.pk), user, now)
        opened_at = rows.filter(claimed_by=user).values_list("claimed_at", flat=True).first()
        if not rows.update(done=F("done") + 1, last_reviewer=user, **UNCLAIMED):
            raise NotYours
        try:
            with transaction.atomic():
                CallReview.objects.create(
                    call=call, user=user, username=user.get_username(), verdict=verdict, corrected=corrected,
                    opened_at=opened_at, made_at=now, is_blind=independent,
                )  # fmt: skip
        except IntegrityError as error:
            raise NotYours from error  # the button was pressed twice: the other one did it


def undoable(user: Any, now: datetime) -> CallReview | None:
    """The person's newest review, while it can be taken back."""
    recent = seen_by(user).of(CallReview).filter(user=user, made_at__gt=now - UNDO_FOR).select_related("call")
    return recent.order_by("-made_at").first()


def take_back(call: Call, user: Any, now: datetime) -> bool:
    """The person was not done with the call after all: their review of a moment ago is none, and they have the call
    again where nobody else does. That they could read what others said is kept. False: there is none, or it is older
    than UNDO_FOR."""
    with transaction.atomic():
        note(Kind.REVIEW, user, call_sid=call.call_sid)
        taken, _rows = CallReview.objects.filter(call=call, user=user, made_at__gt=now - UNDO_FOR).delete()
        if not taken:
            return False
        if others_said(call, user):
            Informed.objects.get_or_create(call=call, user=user)
        before = CallReview.objects.filter(call=call).order_by("-made_at").values("user")[:1]
        queued = QueuedCall.objects.filter(pk=call.pk)
        queued.filter(done__gt=0).update(done=F("done") - 1, last_reviewer=Subquery(before))
        claim(call.pk, user, now)
    return True


def set_mark(call: Call, user: Any, turn: int, kind: str, is_on: bool) -> None:
    rows = TurnMark.objects.filter(call=call, turn=turn, kind=kind)
    _set(rows, TurnMark(call=call, turn=turn, kind=kind, **_by(user)), user, is_on, turn=turn)


def set_tag(call: Call, user: Any, name: str, is_on: bool) -> None:
    """One that the line does not have any more can be taken off."""
    if not is_on or name in line_tags(call):
        _set(CallTag.objects.filter(call=call, name=name), CallTag(call=call, name=name, **_by(user)), user, is_on)


def line_tags(call: Call) -> list[str]:
    """The tags that the call's line has."""
    line = PhoneLine.objects.filter(number=call.to_number).only("review_tags").first()
    return line.tags if line is not None else []


def write_note(call: Call, user: Any, text: str) -> list[str]:
    """Keep a note, which the people that it names find; the names in it that nobody here has."""
    names = set(NAME.findall(text))
    people = {one.get_username(): one for one in people_who_read(call).filter(username__in=names)}
    with transaction.atomic():
        note(Kind.REVIEW, user, call_sid=call.call_sid)
        written = CallNote.objects.create(call=call, text=as_kept(text, call), **_by(user))
        Mention.objects.bulk_create(Mention(note=written, user=person) for person in people.values())
    return sorted(names - people.keys())


def people_who_read(call: Call) -> QuerySet[User]:
    """Whoever finds a note on this call that names them."""
    people = User.objects.with_perm(READ, backend=BACKEND).filter(is_staff=True)
    return who_see(people, call.to_number).order_by("username")


def has_blind_reviewers() -> bool:
    """Somebody reviews who does not oversee, and so can be the second of two: who oversees reads in lists, searches and
    files what the first said, and nobody knows which of it they read."""
    reviewers, overseers = (User.objects.with_perm(one, backend=BACKEND) for one in (CORRECT, OVERSEE_REVIEWS))
    return reviewers.filter(is_staff=True).exclude(pk__in=overseers.values("pk")).exists()


def mentions_of(user: Any) -> QuerySet[Mention]:
    """Of notes that name the person and that they may read, those that they have not seen yet."""
    return seen_by(user).of(Mention).filter(user=user, seen_at=None)


def _set(rows: QuerySet[Any], row: Any, user: Any, is_on: bool, **noted: Any) -> None:
    with transaction.atomic():
        note(Kind.REVIEW, user, call_sid=row.call.call_sid, **noted)
        if is_on:
            type(row).objects.bulk_create([row], ignore_conflicts=True)
        else:
            # Whoever said so; of what the first of two reviewers said, the second knows nothing.
            (rows.filter(user=user) if is_blind(row.call, user, row.made_at) else rows).delete()


def _by(user: Any) -> dict[str, Any]:
    return {"user": user, "username": user.get_username(), "made_at": timezone.now()}


def _corrected_by(call: Call, user: Any) -> int:
    """Turns of which the person's own newest correction stands."""
    own: dict[int, list[Correction]] = {}
    for row in Correction.objects.filter(call=call, user=user).order_by("-number"):
        own.setdefault(row.turn, []).append(row)
    return sum(standing(rows) is not None for rows in own.values())
