"""Which calls wait for a reviewer, and for whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from calls.desk.line_limits.seen import seen_by
from calls.storage.queued_calls import QueuedCall

MOST_COUNTED = 1000
LINES_APART = 50
"""So many lines of a person are each walked by their doubt. Who sees more finds theirs soon by the doubt of all."""


def unreviewed(user: Any) -> QuerySet[QueuedCall]:
    """Calls that this person sees and of which another review is wanted."""
    return seen_by(user).of(QueuedCall).filter(done__lt=F("wanted"))


def doubtful(user: Any, now: datetime, most: int, *, without: Collection[int] = ()) -> list[int]:
    """The keys of calls with doubt that this person may have next: the most doubtful first, of equals the newest.

    Without those that others have open, and those of ``without``. Reads as many entries of an index as it gives, of
    whatever lines: the walk by the doubt of all calls passed thousands of other lines'. It goes by QueuedCall.line,
    which can be missing for minutes after an upgrade; whoever shows such calls asks ``unreviewed`` as well.
    """
    each = _walks(user, now, most, without)
    rows = each[0].union(*each[1:], all=True).order_by("-doubt", "-call_id")[:most] if len(each) > 1 else each[0]
    return [pk for pk, _doubt in rows]


def waiting(user: Any, now: datetime, most: int = MOST_COUNTED) -> int:
    """How many calls with doubt wait for this person; never more than ``most``, which then means "or more". Without
    those that others have open: they are nobody else's next. Some milliseconds, however many calls there are."""
    each = _walks(user, now, most)
    # In no order: the first lines may be enough.
    return len(each[0].union(*each[1:], all=True)[:most] if len(each) > 1 else each[0])


def _walks(user: Any, now: datetime, most: int, without: Collection[int] = ()) -> list[QuerySet[Any, Any]]:
    """By the doubt of all calls, or of each line of this person's: each gives ``most`` at most. Its end is said in each
    of them: PostgreSQL would otherwise read all that waits on a line."""
    every = QueuedCall.objects.filter(done__lt=F("wanted"), doubt__gt=0).exclude(pk__in=without)
    rows = free(not_reviewed_by(every, user), user, now).order_by("-doubt", "-call_id")
    numbers = seen_by(user).numbers
    if numbers is None or not 1 < len(numbers) <= LINES_APART:
        rows = rows if numbers is None else rows.filter(line__in=numbers)
        return [rows.values_list("pk", "doubt")[:most]]
    # As queries within queries: SQLite joins no others that have an end.
    each = (rows.filter(line=number).values("pk")[:most] for number in sorted(numbers))
    return [QueuedCall.objects.filter(pk__in=one).values_list("pk", "doubt") for one in each]


def not_reviewed_by(rows: QuerySet[QueuedCall], user: Any) -> QuerySet[QueuedCall]:
    """Without those whose first review was this person's: the second is somebody else's."""
    return rows.filter(Q(last_reviewer=None) | ~Q(last_reviewer=user))


def free(rows: QuerySet[QueuedCall], user: Any, now: datetime) -> QuerySet[QueuedCall]:
    """Those that nobody else has open; a person who was deleted has none."""
    return rows.filter(Q(claimed_by=None) | Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_by=user))
