"""The selected calls of the admin's list, or one call's turns, as a file: read and sent a few calls at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from calls.core.addresses import masked
from calls.desk.access_log.entries import Kind, note
from calls.desk.numbers import sees_numbers
from calls.desk.review import spreadsheet
from calls.desk.review.captions import Caption, srt, vtt
from calls.desk.review.listening import streams_of
from calls.desk.review.queue.blind import told
from calls.lines.exporting import exported, line, with_all_of_it
from calls.lines.models import PhoneLine
from calls.storage.models import Call

Answer = TypeVar("Answer", bound=HttpResponseBase)
MOST_EXPORTED = 10_000
"""Calls. For more there is ``manage.py export_calls``, which keeps no page's process busy."""
CALLS_A_PIECE = 20


class TooMany(ValueError):
    """More than MOST_EXPORTED; its text is for the person."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a file of calls is made of."""

    suffix: str
    content_type: str
    rows: Callable[[Call], Iterable[str]]
    """Of one call, each with its end."""
    head: Callable[[], str] = str


JSON_LINES = Format("jsonl", "application/jsonl; charset=utf-8", lambda call: [line(call)])
SPREADSHEET = Format("csv", "text/csv; charset=utf-8", spreadsheet.rows, spreadsheet.head)
CAPTIONS = {"srt": ("application/x-subrip; charset=utf-8", srt), "vtt": ("text/vtt; charset=utf-8", vtt)}
"""Media types of https://www.iana.org/assignments/media-types and, for SRT, of habit."""


def download(calls: QuerySet[Call], user: Any, file: Format = JSON_LINES) -> StreamingHttpResponse:
    """The oldest call first; who exported how many is noted. Raises TooMany."""
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
    one = Call.objects.get(pk=found[0][1]).call_sid if len(found) == 1 else ""
    note(Kind.EXPORT, user, call_sid=one, calls=len(found), detail=file.suffix)
    language = get_language() or settings.LANGUAGE_CODE
    pieces = _pieces([pk for _at, pk in found], file, language, user)
    return _attached(
        StreamingHttpResponse(pieces, content_type=file.content_type),
        f"calls-{timezone.localtime(now):%Y%m%d-%H%M}.{file.suffix}",
    )


def captions(call: Call, user: Any, kind: str) -> HttpResponse:
    """One call's turns as subtitles of what ``manage.py export_recording`` writes; ``kind`` is one of CAPTIONS."""
    note(Kind.EXPORT, user, call_sid=call.call_sid, detail=kind)
    content_type, written = CAPTIONS[kind]
    begins_ms = next((stream.wave.begins_ms for stream in streams_of(call) if stream.wave is not None), 0)
    speakers = {"caller": _("caller"), "agent": _("The line")}
    said = (
        Caption(
            turn["started_ms"] - begins_ms,
            turn["ended_ms"] - begins_ms,
            speakers[turn["speaker"]],
            spreadsheet.said(turn),
        )
        for turn in exported(_told_to(user, Call.objects.filter(pk=call.pk)).get())["turns"]
    )
    return _attached(HttpResponse(written(said), content_type=content_type), f"{call.call_sid}.{kind}")


def _attached(answer: Answer, name: str) -> Answer:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _told_to(user: Any, calls: QuerySet[Call]) -> QuerySet[Call]:
    """With all that this person may know of them (calls/desk/review/queue/blind.py)."""
    now = timezone.now()
    name = Subquery(PhoneLine.objects.filter(number=OuterRef("to_number")).values("name")[:1])
    return with_all_of_it(calls, lambda rows: told(rows, user, now)).annotate(**{spreadsheet.LINE_NAME: name})


async def _pieces(pks: Sequence[int], file: Format, language: str, user: Any) -> AsyncIterator[str]:
    """Read in the request's thread, never on the loop; the page's language is no longer active by then."""
    with translation.override(language):
        head = file.head()
    if head:
        yield head
    for at in range(0, len(pks), CALLS_A_PIECE):
        yield await sync_to_async(_rows)(pks[at : at + CALLS_A_PIECE], file, language, user)


def _rows(pks: Sequence[int], file: Format, language: str, user: Any) -> str:
    """Of these calls, in this order, what this person is told; one that was purged meanwhile is left out."""
    calls = {call.pk: call for call in _told_to(user, Call.objects.filter(pk__in=pks))}
    if not sees_numbers(user):
        for call in calls.values():
            call.from_number = masked(call.from_number)
    with translation.override(language):
        return "".join(row for pk in pks if pk in calls for row in file.rows(calls[pk]))
