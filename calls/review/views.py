"""What the page of a call asks for and sends (templates/admin/calls/call/change_form.html)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from calls.access import needs
from calls.models import Call
from calls.people import LISTEN, READ
from calls.review.listening import WHY_SILENT, NoRecording, note_listening, recording_of
from calls.review.ranges import RangeNotSatisfiable, asked_range
from calls.review.wave import Wave

Answer = TypeVar("Answer", bound=HttpResponseBase)
PIECE_BYTES = 128 * 1024
"""Read and sent at a time: eight seconds."""
MOST_BYTES = 16 * 1024 * 1024
"""Of one range, 17 minutes. Daphne keeps what a paused player does not take yet, and who asks for "the rest" of hours
asks again for the rest of that (RFC 9110, 15.3.7: less may be sent, and a 206 says how much)."""


@require_safe
@needs(READ, LISTEN)
def audio(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """A stream's recording as WAV, or the range of it that is asked for. Who listens is noted."""
    call = get_object_or_404(Call, pk=pk)
    try:
        stream_sid, wave = recording_of(call, number)
    except NoRecording as error:
        return _said(str(WHY_SILENT[error.code]), 404)
    try:
        part = asked_range(request.headers.get("Range", ""), wave.size_bytes) if request.method == "GET" else None
    except RangeNotSatisfiable:
        refused = _said("", 416)
        refused["Content-Range"] = f"bytes */{wave.size_bytes}"
        return refused
    begin, end = part or (0, wave.size_bytes)
    answer: HttpResponseBase
    if request.method == "HEAD":
        answer = HttpResponse(content_type="audio/wav")
    else:
        note_listening(call, stream_sid, request.user)
        end = min(end, begin + MOST_BYTES) if part else end
        answer = StreamingHttpResponse(_pieces(wave, begin, end), content_type="audio/wav")
    if part:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {begin}-{end - 1}/{wave.size_bytes}"
    answer["Content-Length"] = str(end - begin)
    answer["Accept-Ranges"] = "bytes"
    return _kept_by_nobody(answer)


async def _pieces(wave: Wave, begin: int, end: int) -> AsyncIterator[bytes]:
    """Read in the request's thread, never on the loop."""
    for at in range(begin, end, PIECE_BYTES):
        yield await sync_to_async(wave.read)(at, min(PIECE_BYTES, end - at))


def _said(text: str, status: int) -> HttpResponse:
    return _kept_by_nobody(HttpResponse(text, status=status, content_type="text/plain; charset=utf-8"))


def _kept_by_nobody(answer: Answer) -> Answer:
    answer["Cache-Control"] = "private, no-store"
    return answer
