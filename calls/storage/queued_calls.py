"""QueuedCall: what the reviewers' queue keeps of each call that has ended, and the thread that writes its doubt.

The writer says of a call that it has changed (``Call.is_queued`` is false again); the thread takes such calls, newest
first, reads their turns and writes points and reasons (calls/storage/doubt.py). So the queue is never counted from
turns, and nothing of it stands on a call's path. Who reviews (calls/desk/review/queue) owns the other columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from calls.storage.doubt import TurnOfDoubt, doubt_of
from calls.storage.models import Call, Transcript
from calls.storage.rows_thread import RowsThread

BATCH_CALLS = 50
PAUSE_S = 0.1
"""Between two batches: a million old calls are queued in an hour, beside the calls that are on the line."""
SCAN_INTERVAL_S = 5.0
BATCH_LINES = 500
"""Rows that get their line at once: a million takes four minutes."""
TWICE_ONE_IN = 10
"""One call in so many is given to two people, so that it can be said how far they agree."""
_COLUMNS = (
    "speaker", "started_ms", "ended_ms", "text", "revised_text", "source", "code", "outcome", "echo", "floor_rule",
)  # fmt: skip


class QueuedCall(models.Model):
    """A call that has ended, as the queue has it."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="queued")
    line = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null is: written by who did not know it
    """The number that was called, beside the doubt, so that an index walks each line's calls by their doubt. What a
    person may see is asked of the call itself."""
    doubt = models.PositiveIntegerField(default=0)
    """Points (calls/storage/doubt.py)."""
    reasons = models.JSONField(default=dict)
    wanted = models.PositiveSmallIntegerField(default=1)
    """Reviews, 1 or 2, each by another person."""
    done = models.PositiveSmallIntegerField(default=0)
    """Reviews that there are."""
    last_reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    claimed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    """From then on anybody may claim it."""

    class Meta:
        default_permissions = ()
        verbose_name = _("call in the review queue")
        verbose_name_plural = _("calls in the review queue")
        indexes = (
            models.Index(
                fields=["-doubt", "-call"],
                name="queue_by_doubt",
                condition=Q(done__lt=F("wanted"), doubt__gt=0),
            ),
            models.Index(
                fields=["line", "-doubt", "-call"],
                name="queue_of_a_line",
                condition=Q(done__lt=F("wanted"), doubt__gt=0),
            ),
            models.Index(fields=["-call"], name="queue_without_line", condition=Q(line=None)),
            # Who may be the second of two is kept from what the first said: calls/desk/review/queue/blind.py.
            models.Index(
                fields=["call", "done", "wanted", "last_reviewer", "claimed_by", "claimed_until"],
                name="queue_of_two",
                condition=Q(wanted__gt=1, done__lt=F("wanted")),
            ),
            models.Index(fields=["claimed_by"], name="queue_claimed", condition=Q(claimed_by__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.call_id}: {self.doubt}"


def is_for_two(call_sid: str) -> bool:
    """Of all calls one in TWICE_ONE_IN, whatever was heard in it: the digest of its CallSid decides."""
    return int.from_bytes(sha256(call_sid.encode()).digest()[:8], "big") % TWICE_ONE_IN == 0


def queue_ended(before: int | None = None, most_calls: int = BATCH_CALLS) -> int | None:
    """Queue calls with a lower key than ``before`` that have ended or changed since; returns the lowest key of them,
    None when there were none. Several processes may do it at once. Blocking. Raises DatabaseError."""
    with transaction.atomic():
        rows = Call.objects.filter(is_queued=False, ended_at__isnull=False)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        calls = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("-pk")[:most_calls])
        queue(calls)
    return calls[-1].pk if calls else None


def queue(calls: Iterable[Call]) -> None:
    """Write the doubt of these calls, which have ended and which the transaction has locked."""
    calls = list(calls)
    turns: dict[int, list[TurnOfDoubt]] = defaultdict(list)
    for call, *columns in Transcript.objects.filter(call__in=calls).order_by().values_list("call", *_COLUMNS):
        turns[call].append(TurnOfDoubt(*columns))
    QueuedCall.objects.bulk_create(
        [_queued(call, turns[call.pk]) for call in calls],
        update_conflicts=True,
        unique_fields=("call",),
        update_fields=("line", "doubt", "reasons"),
    )
    Call.objects.filter(pk__in=[call.pk for call in calls]).update(is_queued=True)


def fill_lines(most_calls: int = BATCH_LINES) -> bool:
    """Write the line of the newest rows that have none: an older version has made them. False: there were none.
    Several processes may do it at once. Blocking. Raises DatabaseError."""
    with transaction.atomic():
        rows = QueuedCall.objects.filter(line=None).select_for_update(skip_locked=True, of=("self",))
        found = list(rows.order_by("-call").values_list("pk", flat=True)[:most_calls])
        number = Call.objects.filter(pk=OuterRef("pk")).values("to_number")
        QueuedCall.objects.filter(pk__in=found).update(line=Subquery(number))
    return bool(found)


def _queued(call: Call, turns: Iterable[TurnOfDoubt]) -> QueuedCall:
    lasted = call.ended_at - call.started_at if call.ended_at and call.started_at else None
    doubt = doubt_of(turns, lasted.total_seconds() if lasted else 0.0, call.end_reason)
    wanted = 2 if is_for_two(call.call_sid) else 1
    return QueuedCall(call=call, line=call.to_number, doubt=doubt.points, reasons=doubt.reasons, wanted=wanted)


class QueueWriter(RowsThread):
    """The thread of a process that serves."""

    def __init__(self) -> None:
        super().__init__("review-queue", self._queue_some)
        self._last: int | None = None

    def _queue_some(self) -> float:
        # Where the database is away, from the newest again.
        last, self._last = self._last, None
        self._last = queue_ended(last)
        return PAUSE_S if self._last is not None or fill_lines() else SCAN_INTERVAL_S
