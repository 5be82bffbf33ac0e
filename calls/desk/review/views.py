"""What the page of a call asks for and sends (templates/admin/calls/call/change_form.html)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls.desk.access import needs
from calls.desk.access_log.entries import Kind, note, note_lasting
from calls.desk.line_limits.seen import seen_call
from calls.desk.permissions import CORRECT, EXPORT, LISTEN, READ
from calls.desk.review.corrections import CorrectionConflict, add_corrections, save
from calls.desk.review.download import CAPTIONS, captions
from calls.desk.review.listening import WHY_SILENT, NoRecording, recording_of
from calls.desk.review.models import MOST_LETTERS
from calls.desk.review.peaks import peaks_of
from calls.desk.review.queue.blind import is_blind
from calls.desk.review.ranges import RangeNotSatisfiable, asked_range
from calls.desk.review.wave import Wave
from calls.storage.models import Transcript
from calls.storage.recording import RecordingError
from voiceapp.runtime.whole_number import whole_number

PIECE_BYTES = 128 * 1024
"""Read and sent at a time: eight seconds."""
MOST_BYTES = 16 * 1024 * 1024
"""Of one range, 17 minutes. Daphne keeps what a paused player does not take yet, and who asks for "the rest" of hours
asks again for the rest of that (RFC 9110, 15.3.7: less may be sent, and a 206 says how much)."""


class CorrectionForm(forms.Form):
    """``seen``: number of the newest correction that the person saw, 0 where there was none."""

    text = forms.CharField(required=False, max_length=MOST_LETTERS)
    seen = forms.IntegerField(min_value=0)
    withdrawn = forms.BooleanField(required=False)

    def clean_text(self) -> str:
        """A turn is one line."""
        return " ".join(self.cleaned_data["text"].split())


@require_safe
@needs(READ, LISTEN)
def audio(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """A stream's recording as WAV, or the range of it that is asked for. Who listens is noted."""
    call = seen_call(request.user, pk=pk)
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
        note_lasting(Kind.LISTEN, request.user, call.call_sid, stream_sid)
        end = min(end, begin + MOST_BYTES) if part else end
        answer = StreamingHttpResponse(_pieces(wave, begin, end), content_type="audio/wav")
    if part:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {begin}-{end - 1}/{wave.size_bytes}"
    answer["Content-Length"] = str(end - begin)
    answer["Accept-Ranges"] = "bytes"
    return answer


@require_safe
@needs(READ, LISTEN)
def peaks(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """How loud a stream's recording is, as JSON (calls/desk/review/peaks.py)."""
    call = seen_call(request.user, pk=pk)
    try:
        _sid, wave = recording_of(call, number)
        return JsonResponse(peaks_of(wave.path))
    except NoRecording as error:
        return _said(str(WHY_SILENT[error.code]), 404)
    except RecordingError as error:
        return _said(str(WHY_SILENT.get(error.code, WHY_SILENT["damaged_recording"])), 404)
    except OSError:
        return _said(str(WHY_SILENT["damaged_recording"]), 404)


@require_safe
@needs(READ, EXPORT)
def subtitles(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A call's turns as a file of subtitles."""
    if kind not in CAPTIONS:
        raise Http404
    return captions(seen_call(request.user, pk=pk), request.user, kind)


@require_POST
@needs(READ, CORRECT)
def correct(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Say what was said in a turn, or withdraw that. Answers with the turn's cell where a script asks.

    Where it was not taken (400, 409), what was typed is shown again.
    """
    turn = get_object_or_404(
        Transcript.objects.heard().select_related("call"), call=seen_call(request.user, pk=pk), number=number
    )
    form = CorrectionForm(request.POST)
    status, problem = 200, ""
    blind = is_blind(turn.call, request.user, timezone.now())
    if not form.is_valid():
        status, problem = 400, " ".join(str(said) for told in form.errors.values() for said in told)
    else:
        try:
            with transaction.atomic():
                if save(turn, request.user, is_blind=blind, **form.cleaned_data):
                    note(Kind.CORRECT, request.user, call_sid=turn.call.call_sid, turn=turn.number)
        except CorrectionConflict:
            status, problem = 409, _("Somebody else has corrected this turn meanwhile. Save again to replace that.")
    add_corrections(turn.call, [turn], only_of=request.user if blind else None)
    typed = request.POST.get("text", "")[: 2 * MOST_LETTERS]
    context = {"turn": turn, "problem": problem, "typed": typed, "most_letters": MOST_LETTERS}
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return render(request, "admin/calls/turn_words.html", context, status=status)
    rows = whole_number(request.POST.get("turns", ""), 1, 999_999) or 1
    back = f"{reverse('admin:calls_call_change', args=[pk])}?turns={rows}#turn-{number}"
    if problem:
        context |= {**admin.site.each_context(request), "title": _("Correct a turn"), "back": back, "rows": rows}
        return render(request, "admin/calls/correct_turn.html", context, status=status)
    messages.success(request, _("Saved."))
    return redirect(back)


async def _pieces(wave: Wave, begin: int, end: int) -> AsyncIterator[bytes]:
    """Read in the request's thread, never on the loop."""
    for at in range(begin, end, PIECE_BYTES):
        yield await sync_to_async(wave.read)(at, min(PIECE_BYTES, end - at))


def _said(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
