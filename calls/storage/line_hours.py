"""What the calls of a line's hour add up to, kept so that a page of a day need not count calls.

A sum is of a line (``to_number``) and an hour of the pages' clock (``TIME_ZONE``), so that a day begins at its midnight
and has 23 or 25 hours where the clock is changed. A call belongs to the hour in which it started.

Who changes rows of calls marks their hours in the same transaction (``mark``): the writer, Twilio's status callback,
the purge. ``fold`` counts marked hours anew from their rows and replaces the sums. So a replayed journal or a revision
counts once, and sums say what rows say. A mark that was made while its hour was counted stays, for only those that were
seen are deleted; one process folds at a time, or an older count could replace a newer one.

An older version marks nothing: all hours are marked when there are no sums yet, and the last day's once an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Count, F, Sum, Value
from django.db.models.functions import Cast, Floor, Ln
from django.utils import timezone

from calls.core.agent_turns import AGENT
from calls.storage.latency_histogram import BUCKETS_A_LOG, SHIFT_MS
from calls.storage.models import SPEECH_SUMS, Call, Transcript
from calls.storage.other_engine_sums import engine_columns, taken_from

HOUR = timedelta(hours=1)
HOURS_AT_ONCE = 12
"""Of one transaction."""
MARKS_AT_ONCE = 10_000
MARKED_ANEW = timedelta(days=1)
MARKED_ANEW_EVERY = timedelta(hours=1)
COUNTED = {
    "calls": Count("pk"),
    "lasted": Sum(F("ended_at") - F("started_at")),
    "frames_received": Sum("frames_received"),
    "frames_lost": Sum("frames_lost"),
    "stt_stream_s": Sum("stt_stream_s"),
    "one_shot_s": Sum("one_shot_s"),
    # Whole numbers divide to whole ones, in PostgreSQL and SQLite.
    "twilio_minutes": Sum((F("twilio_duration_s") + 59) / 60),
    "reply_tokens": Sum("reply_tokens"),
    "reply_characters": Sum("reply_characters"),
    "answers_failed": Sum("answers_failed"),
}


class LineHour(models.Model):
    """The calls of a line that started in an hour."""

    hour = models.DateTimeField()
    """When it began."""
    line = models.CharField(max_length=64, blank=True)
    calls = models.PositiveIntegerField(default=0)
    lasted_s = models.PositiveBigIntegerField(default=0)
    """Of those that have ended."""
    frames_received = models.PositiveBigIntegerField(default=0, db_default=0)
    frames_lost = models.PositiveBigIntegerField(default=0, db_default=0)
    stt_stream_s = models.PositiveBigIntegerField(default=0)
    one_shot_s = models.PositiveBigIntegerField(default=0)
    other_engine_s = models.JSONField(default=dict, db_default={})
    """As Call's."""
    twilio_minutes = models.PositiveBigIntegerField(default=0)
    """As Twilio rounds them, call by call."""
    reply_tokens = models.PositiveBigIntegerField(default=0)
    reply_characters = models.PositiveBigIntegerField(default=0)
    answers_failed = models.PositiveBigIntegerField(default=0, db_default=0)
    spoken_ms = models.PositiveBigIntegerField(default=0)
    """Of callers' turns without the line's own words, given back."""
    heard_ms = models.PositiveBigIntegerField(default=0)
    """...that have words."""
    final_ms = models.JSONField(default=dict)
    """Of the same turns: calls/storage/latency_histogram.py."""
    total_ms = models.JSONField(default=dict)
    """Of the line's answers."""

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["hour", "line"], name="one_row_a_lines_hour"),)

    def __str__(self) -> str:
        return f"{self.line} {self.hour:%Y-%m-%d %H:%M}"


class ChangedHour(models.Model):
    """Calls of this hour have changed since it was counted: a row each time."""

    hour = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"


class SumsState(models.Model):
    """One row. Who folds has locked it."""

    marked_at = models.DateTimeField(null=True)
    """When hours were last marked whatever had changed; null: never, there are no sums."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.marked_at)


def hour_of(at: datetime) -> datetime:
    """The instant at which the hour began, by the pages' clock."""
    # As UTC: of what has a zone's own times, two hours are equal where the clock is set back.
    return timezone.localtime(at).replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def mark(started: Iterable[datetime | None]) -> None:
    """Calls that started then have changed; None: a call that was never heard. In the transaction that changes them."""
    hours = {hour_of(at) for at in started if at is not None}
    ChangedHour.objects.bulk_create(ChangedHour(hour=hour) for hour in sorted(hours))


def mark_all() -> int:
    """Mark every hour that has calls or sums; returns how many. Blocking."""
    hours = {*_hours_of(Call, "started_at"), *_hours_of(LineHour, "hour")}
    mark(hours)
    return len(hours)


def any_marked() -> bool:
    """There is something to fold."""
    due = timezone.now() - MARKED_ANEW_EVERY
    return ChangedHour.objects.exists() or not SumsState.objects.filter(marked_at__gt=due).exists()


def fold(most_hours: int = HOURS_AT_ONCE) -> int:
    """Count so many of the marked hours, the newest first; returns how many: 0 where none is marked, or another process
    folds. Blocking. Raises DatabaseError."""
    with transaction.atomic():
        SumsState.objects.bulk_create([SumsState(pk=1)], ignore_conflicts=True)
        state = SumsState.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if state is None:
            return 0
        _mark_unseen(state)
        hours = list(ChangedHour.objects.values_list("hour", flat=True).distinct().order_by("-hour")[:most_hours])
        seen = list(ChangedHour.objects.filter(hour__in=hours).values_list("pk", flat=True)[:MARKS_AT_ONCE])
        LineHour.objects.filter(hour__in=hours).delete()
        LineHour.objects.bulk_create(row for hour in hours for row in counted(hour))
        ChangedHour.objects.filter(pk__in=seen).delete()
    return len(hours)


def counted(hour: datetime) -> list[LineHour]:
    """The sums of an hour, from its calls and turns."""
    within = {"started_at__gte": hour, "started_at__lt": hour + HOUR}
    rows: dict[str, LineHour] = {}
    calls = Call.objects.filter(**within).order_by()
    for line, sums in _by_line(calls, "to_number", COUNTED | engine_columns()):
        lasted: timedelta | None = sums.pop("lasted")
        others = taken_from(sums)
        whole = {name: value or 0 for name, value in sums.items()}
        lasted_s = max(0, round(lasted.total_seconds())) if lasted else 0
        rows[line] = LineHour(hour=hour, line=line, lasted_s=lasted_s, other_engine_s=others, **whole)
    turns = Transcript.objects.filter(**{f"call__{name}": value for name, value in within.items()}).order_by()
    spoken = turns.spoken().annotate(bucket=_bucket("final_ms"))
    for line, sums in _by_line(spoken, "call__to_number", {"turns": Count("pk"), **SPEECH_SUMS}, "bucket"):
        # A line that is not there began its first call of the hour meanwhile: that has marked the hour again.
        if row := rows.get(line):
            row.spoken_ms += sums["spoken_ms"]
            row.heard_ms += sums["worded_ms"] or 0
            _put(row.final_ms, sums)
    answers = turns.filter(speaker=AGENT).annotate(bucket=_bucket("total_ms"))
    for line, sums in _by_line(answers, "call__to_number", {"turns": Count("pk")}, "bucket"):
        if row := rows.get(line):
            _put(row.total_ms, sums)
    return list(rows.values())


def _put(histogram: dict[str, int], sums: dict[str, Any]) -> None:
    """None is the bucket of turns that were not measured."""
    if sums["bucket"] is not None:
        histogram[str(sums["bucket"])] = sums["turns"]


def _by_line(rows: Any, line: str, sums: dict[str, Any], *apart: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for found in rows.values(line, *apart).annotate(**sums):
        yield found.pop(line), found


def _bucket(field: str) -> Any:
    """``bucket_of`` as the database reckons it."""
    shifted = Cast(F(field), models.FloatField()) + Value(SHIFT_MS)
    return Cast(Floor(Ln(shifted) * Value(BUCKETS_A_LOG)), models.IntegerField())


def _mark_unseen(state: SumsState) -> None:
    now = timezone.now()
    if state.marked_at is None:
        mark_all()
    elif state.marked_at > now - MARKED_ANEW_EVERY:
        return
    else:
        mark(now - n * HOUR for n in range(MARKED_ANEW // HOUR + 1))
    SumsState.objects.filter(pk=state.pk).update(marked_at=now)


def _hours_of(model: type[models.Model], field: str) -> Iterator[datetime]:
    """The hours that have a row: one step through the index for each."""
    rows: Any = model._default_manager.order_by(field).values_list(field, flat=True)
    at = rows.filter(**{f"{field}__isnull": False}).first()
    while at is not None:
        hour = hour_of(at)
        yield hour
        at = rows.filter(**{f"{field}__gte": hour + HOUR}).first()
