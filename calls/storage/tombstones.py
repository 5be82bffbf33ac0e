"""Tombstones: what ``subject --forget`` has deleted is not written again.

A writer may have read records of a call out of its journal, or hold them in memory, or find them in the journal of a
process on another machine, when the call is forgotten. So the one door to rows (calls/storage/rows.py) asks here, in
the transaction in which it writes. A tombstone names nobody: of a call it is a digest of its CallSid, of a caller a
keyed hash of the number, which counts for calls that began before the number was forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from calls.core.addresses import number_within
from calls.storage.models import Call
from calls.storage.records import CallStarted, Record

KEPT_FOR = timedelta(days=731)
"""As the access log: no journal is of any use for so long."""
LOCK_TIMEOUT_S = 10
"""Writers wait behind who waits for their lock: a transaction that somebody has left open must not stop them."""
SALT = "calls.storage.tombstones"


class Tombstone(models.Model):
    """A call, or the calls of a number until then, that rows are not made of."""

    digest = models.CharField(max_length=64, unique=True)
    forgotten_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:8]


def bury(number: str, call_sids: Collection[str], at: datetime) -> None:
    """From the return of this on, no writer makes rows of these calls, nor of any that the number began before ``at``;
    what writers have begun to write is written, and seen by the next query. Blocking. Raises DatabaseError."""
    digests = {_of_number(number, str(settings.SECRET_KEY)), *map(_of_call, call_sids)}
    stones = [Tombstone(digest=digest, forgotten_at=at) for digest in sorted(digests)]
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
                # Whoever has locked rows of calls has asked for tombstones already, or asks when we are through.
                cursor.execute(f"LOCK TABLE {connection.ops.quote_name(Call._meta.db_table)} IN EXCLUSIVE MODE")
        Tombstone.objects.bulk_create(
            stones, update_conflicts=True, unique_fields=["digest"], update_fields=["forgotten_at"]
        )


def is_buried(call_sid: str) -> bool:
    """The call was forgotten. Blocking."""
    return Tombstone.objects.filter(digest=_of_call(call_sid)).exists()


def buried(records: Iterable[Record], calls: Mapping[str, Call]) -> set[str]:
    """The CallSids among these records that are not to be written. ``calls``: the rows that there are, locked, in the
    transaction that asks: another order would leave a gap. A row that knows its caller stays what it is: whoever forgot
    the number has kept it, under legal hold."""
    asked: dict[str, set[str]] = {}
    starts: list[tuple[CallStarted, set[str]]] = []
    for record in records:
        asked.setdefault(_of_call(record.call_sid), set()).add(record.call_sid)
        known = calls.get(record.call_sid)
        if isinstance(record, CallStarted) and record.from_number and not (known and known.from_number):
            starts.append((record, _of_number_by_any_key(record.from_number)))
    digests = {*asked, *(digest for _, of_number in starts for digest in of_number)}
    found = dict(Tombstone.objects.filter(digest__in=digests).values_list("digest", "forgotten_at"))
    if not found:
        return set()
    of_calls = {sid for digest in found.keys() & asked.keys() for sid in asked[digest]}
    of_numbers = {
        (start.call_sid, found[digest])
        for start, of_number in starts
        for digest in of_number & found.keys()
        if start.started_at <= found[digest]
    }
    # What is still to come of such a call says its CallSid alone.
    Tombstone.objects.bulk_create(
        [Tombstone(digest=_of_call(sid), forgotten_at=at) for sid, at in sorted(of_numbers)], ignore_conflicts=True
    )
    return of_calls | {sid for sid, _ in of_numbers}


def delete_old_tombstones() -> None:
    """Delete those of more than 24 months ago. Blocking."""
    Tombstone.objects.filter(forgotten_at__lt=timezone.now() - KEPT_FOR).delete()


def _of_call(call_sid: str) -> str:
    return sha256(f"{SALT}.call.{call_sid}".encode(errors="backslashreplace")).hexdigest()


def _of_number(number: str, key: str) -> str:
    """The same of a number and of each address that names it."""
    return salted_hmac(f"{SALT}.number", number_within(number) or number, key, algorithm="sha256").hexdigest()


def _of_number_by_any_key(number: str) -> set[str]:
    return {_of_number(number, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
