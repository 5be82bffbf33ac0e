"""The selected calls of the admin's list as a file, read and sent a few at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.desk.access_log.entries import Kind, note
from calls.desk.review.exporting import line, with_all_of_it
from calls.storage.models import Call

MOST_EXPORTED = 10_000
"""Calls. For more there is ``manage.py export_calls``, which keeps no page's process busy."""
CALLS_A_PIECE = 20


class TooMany(ValueError):
    """More than MOST_EXPORTED; its text is for the person."""


def download(calls: QuerySet[Call], user: Any) -> StreamingHttpResponse:
    """JSON lines, the oldest call first; who exported how many is noted. Raises TooMany."""
    now = timezone.now()
    found = list(calls.order_by().values_list("started_at", "pk")[: MOST_EXPORTED + 1])
    if len(found) > MOST_EXPORTED:
        said = _(
            "More than %(most)s calls are selected. Narrow the list by day, filter or search, or use "
            "manage.py export_calls."
        )
        raise TooMany(said % {"most": MOST_EXPORTED})
    # Not by the database: with an order and a limit PostgreSQL may walk the whole table. Calls never heard come first.
    found.sort(key=lambda row: (row[0] is not None, row[0] or now, row[1]))
    note(Kind.EXPORT, user, calls=len(found))
    answer = StreamingHttpResponse(_pieces([pk for _at, pk in found]), content_type="application/jsonl; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="calls-{timezone.localtime(now):%Y%m%d-%H%M}.jsonl"'
    answer["Cache-Control"] = "private, no-store"
    return answer


async def _pieces(pks: Sequence[int]) -> AsyncIterator[str]:
    """Read in the request's thread, never on the loop."""
    for at in range(0, len(pks), CALLS_A_PIECE):
        yield await sync_to_async(_lines)(pks[at : at + CALLS_A_PIECE])


def _lines(pks: Sequence[int]) -> str:
    """Of these calls, in this order; one that was purged meanwhile is left out."""
    calls = {call.pk: call for call in with_all_of_it(Call.objects.filter(pk__in=pks))}
    return "".join(line(calls[pk]) for pk in pks if pk in calls)
