"""What a reviewer does on a call's page: have it, say what they found, go on to the next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.desk.access import needs
from calls.desk.line_limits.seen import seen_call
from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS, READ
from calls.desk.review.queue import claims, reviewing
from calls.desk.review.queue.blind import is_blind
from calls.desk.review.queue.block import add_marks
from calls.desk.review.queue.models import MOST_NOTE_LETTERS, CallReview, TurnMark
from calls.desk.review.queue.modes import Mode, read_mode
from calls.storage.models import Call, Transcript
from calls.storage.queued_calls import QueuedCall
from voiceapp.runtime.whole_number import whole_number

PUT_BACK = "calls-put-back"
"""Of the session: the calls that the person did not want, the newest last."""
MOST_TURN = 2**31 - 1


@require_POST
@needs(READ, CORRECT)
def go_on(request: HttpRequest) -> HttpResponseBase:
    """To the next call of the queue, which is then this person's."""
    return _to_next(request, read_mode(request.POST.get("queue", "")))


@require_POST
@needs(READ, CORRECT)
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """The page is open: have the call, or with ``renew`` keep it. Says as JSON whether it is ours, and else whose."""
    call, user, now = seen_call(request.user, pk=pk), request.user, timezone.now()
    have = claims.renew if "renew" in request.POST else claims.claim
    mine = have(call.pk, user, now)
    queued = QueuedCall.objects.select_related("claimed_by").filter(pk=call.pk).first()
    holder = queued.claimed_by if queued is not None and (queued.claimed_until or now) > now else None
    answer = {"mine": mine, "holder": holder.get_username() if holder is not None else ""}
    return JsonResponse(answer)


@require_POST
@needs(READ, CORRECT)
def done(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The verdict on a call, and on to the next."""
    call = seen_call(request.user, pk=pk, ended_at__isnull=False)
    verdict = request.POST.get("verdict", "")
    if verdict not in CallReview.Verdict.values:
        return _back(request, call, _("Choose a verdict."))
    try:
        reviewing.finish(call, request.user, verdict, timezone.now())
    except reviewing.NotYours:
        return _back(request, call, _("Nothing was saved: somebody else has this call open meanwhile."))
    return _to_next(request, read_mode(request.POST.get("queue", "")))


@require_POST
@needs(READ, CORRECT)
def undo(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The call was not done after all: back to it."""
    call = seen_call(request.user, pk=pk)
    if not reviewing.take_back(call, request.user, timezone.now()):
        return _back(request, call, _("There is no review of yours that could be taken back."))
    return redirect(_page_of(call, request))


@require_POST
@needs(READ, CORRECT)
def put_back(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The call is for somebody else, and this person goes on to the next."""
    call = seen_call(request.user, pk=pk)
    claims.put_back(call.pk, request.user)
    before = [one for one in request.session.get(PUT_BACK, []) if one != call.pk]
    request.session[PUT_BACK] = [*before, call.pk][-claims.MOST_PUT_BACK :]
    return _to_next(request, read_mode(request.POST.get("queue", "")))


@require_POST
@needs(READ, CORRECT)
def mark(request: HttpRequest, pk: int) -> HttpResponseBase:
    """``mark``: the turn's number, the kind and on or off. A script is answered with the turn's marks."""
    call = seen_call(request.user, pk=pk)
    number, kind, state = [*request.POST.get("mark", "").split(), "", "", ""][:3]
    turn = get_object_or_404(
        Transcript.objects.heard(), call=call, number=whole_number(number, 0, MOST_TURN) if number else None
    )
    if kind in TurnMark.Kind.values and state in ("on", "off"):
        reviewing.set_mark(call, request.user, turn.number, kind, state == "on")
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        blind = is_blind(call, request.user, timezone.now())
        add_marks(call, [turn], only_of=request.user if blind else None)
        return render(request, "admin/calls/queue/turn_marks.html", {"turn": turn, "queue": {"may_review": True}})
    return redirect(f"{_page_of(call, request)}#turn-{turn.number}")


@require_POST
@needs(READ, CORRECT)
def tag(request: HttpRequest, pk: int) -> HttpResponseBase:
    """``on`` or ``off`` is the tag's name."""
    call = seen_call(request.user, pk=pk)
    for state in ("on", "off"):
        if name := request.POST.get(state, "").replace("\0", "")[:80]:
            reviewing.set_tag(call, request.user, name, state == "on")
    return redirect(f"{_page_of(call, request)}#review")


@require_POST
@needs(READ, CORRECT)
def write_note(request: HttpRequest, pk: int) -> HttpResponseBase:
    call = seen_call(request.user, pk=pk)
    text = request.POST.get("text", "").replace("\0", "").strip()
    if not text or len(text) > MOST_NOTE_LETTERS:
        return _back(request, call, _("A note has from 1 to %(most)s letters.") % {"most": MOST_NOTE_LETTERS})
    if missing := reviewing.write_note(call, request.user, text):
        names = ", ".join(f"@{name}" for name in missing)
        return _back(request, call, _("The note is kept, but nobody here is called %(names)s.") % {"names": names})
    return redirect(f"{_page_of(call, request)}#review")


@require_POST
@needs(READ)
def seen(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The person has seen the notes of a call that name them."""
    call = seen_call(request.user, pk=pk)
    reviewing.mentions_of(request.user).filter(note__call=call).update(seen_at=timezone.now())
    return redirect(f"{_page_of(call, request)}#review")


@require_POST
@needs(READ, OVERSEE_REVIEWS)
def free(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Whoever has a call open has it no more."""
    call = seen_call(request.user, pk=pk)
    claims.free_claim(call.pk)
    messages.success(request, _("The call is free."))
    return redirect("review-queue")


def _to_next(request: HttpRequest, mode: Mode) -> HttpResponseBase:
    unwanted = request.session.get(PUT_BACK, [])
    found = claims.next_call(request.user, timezone.now(), sample=mode.sample, put_back=unwanted)
    if found is None:
        if unwanted:
            # Asked again, they are shown again.
            del request.session[PUT_BACK]
        messages.info(request, _("No call waits in this queue."))
        return redirect("review-queue")
    return redirect(f"{reverse('admin:calls_call_change', args=[found])}?queue={mode.text}")


def _page_of(call: Call, request: HttpRequest) -> str:
    page = reverse("admin:calls_call_change", args=[call.pk])
    turns = whole_number(request.POST.get("turns", ""), 1, 999_999) or 1
    return f"{page}?queue={read_mode(request.POST.get('queue', '')).text}&turns={turns}"


def _back(request: HttpRequest, call: Call, problem: str) -> HttpResponseBase:
    messages.error(request, problem)
    return redirect(f"{_page_of(call, request)}#review")
