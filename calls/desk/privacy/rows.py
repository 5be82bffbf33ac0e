"""Deletes calls with all that hangs on them, and what else is kept of calls only for a while."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from calls.desk.access_log.entries import delete_old
from calls.desk.engines.models import MeasuredTurn
from calls.storage.line_hours import mark
from calls.storage.models import Call
from calls.storage.tombstones import delete_old_tombstones
from calls.twilio.models import SpentToken

BATCH_CALLS = 500


def delete_calls(calls: QuerySet[Call]) -> int:
    """Delete them a transaction a batch, without those under legal hold: memory and locks stay small. Returns how
    many."""
    free = calls.filter(hold=None)
    # Upwards by key, so that no batch looks again at what the one before it has seen.
    deleted, last = 0, 0
    while batch := dict(free.filter(pk__gt=last).order_by("pk").values_list("pk", "started_at")[:BATCH_CALLS]):
        with transaction.atomic():
            Call.objects.filter(pk__in=batch).delete()
            mark(batch.values())
        deleted, last = deleted + len(batch), max(batch)
    return deleted


def scrub() -> None:
    """Leave nothing of deleted rows in SQLite's files: pages that are free keep what was in them, and so does the WAL.
    PostgreSQL's own VACUUM gives its pages away in time. Blocking: for as long as the database is copied; not within a
    transaction. Raises DatabaseError."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def delete_gold_before(horizon: datetime) -> None:
    """Words of gold that came in a folder: their call is not here to take them along."""
    MeasuredTurn.objects.filter(call=None, measurement__made_at__lt=horizon).delete()


def delete_expired() -> int:
    """Spent tokens, tombstones, and the access log of more than 24 months ago; returns how many rows of that."""
    SpentToken.objects.filter(expires_at__lt=timezone.now()).delete()
    delete_old_tombstones()
    return delete_old()
