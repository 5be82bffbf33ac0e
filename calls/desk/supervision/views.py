"""The console's pages. They are whole without JavaScript; with it they move."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from calls.core.addresses import canonical
from calls.core.line_health import Trouble
from calls.desk.access import needs
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.answers import ShownAnswer, answer_texts, saved_values
from calls.desk.codes import ACTIONS, DETAILS, EVENTS, shown_code
from calls.desk.permissions import END_CALLS, HAND_OVER_ANYWHERE, READ
from calls.desk.supervision.ordering import SentenceForm, give
from calls.desk.supervision.reading import (
    line_names,
    newest_events,
    newest_turns,
    open_alarms,
    running_calls,
    shown_answers,
    shown_turns,
)
from calls.lines import costs
from calls.lines.models import ENGINE_DOWN, LABELS, PhoneLine
from calls.lines.spoken_texts import is_answering
from calls.process.services import services
from calls.reply.orders import MAX_SENTENCE_CHARACTERS, Order
from calls.storage.models import SOURCES, Call, Transcript
from calls.twilio import action_rows, rest
from calls.twilio.call_status import ENDED
from calls.twilio.models import SupervisorAction
from voiceapp.runtime.whole_number import whole_number

COST_MONTHS = 3


@require_GET
@never_cache
@needs(READ)
def wall(request: HttpRequest) -> HttpResponse:
    """Every running call, and the processes that hear them."""
    note_lasting(Kind.WATCH, request.user, calls=0)
    urls = {"state": reverse("console:state"), "call": reverse("console:call", args=["SID"])}
    return render(request, "console/wall.html", {"page": {"urls": urls, "texts": texts()}})


@require_GET
@never_cache
@needs(READ)
def state(request: HttpRequest) -> HttpResponse:
    """What the wall shows, as the database has it."""
    note_lasting(Kind.WATCH, request.user, calls=0)
    return JsonResponse({"calls": running_calls(), "lines": line_names(), "alarms": open_alarms()})


@require_GET
@never_cache
@needs(READ)
def call(request: HttpRequest, call_sid: str) -> HttpResponse:
    """One call, followed."""
    row = get_object_or_404(Call, call_sid=call_sid)
    _note(request, row)
    return _call_page(request, row)


def _note(request: HttpRequest, row: Call) -> None:
    note_lasting(Kind.WATCH if row.ended_at is None else Kind.READ, request.user, row.call_sid)


def _call_page(
    request: HttpRequest, row: Call, status: int = 200, sentence: SentenceForm | None = None
) -> HttpResponse:
    """``sentence``: what was typed and cannot be said."""
    turns = newest_turns(row)
    line = _line_of(row)
    urls = {"state": reverse("console:call_state", args=[row.call_sid])}
    saved = saved_values(row, request.user)
    page = {"call": row.call_sid, "urls": urls, "texts": texts(), "state": _state_of(row, turns, saved)}
    for turn in turns:
        if turn.is_agents:
            shown: Any = turn  # the page's own attribute of it
            shown.answer = ShownAnswer.of(turn)
    done: Any = list(SupervisorAction.objects.filter(call_sid=row.call_sid))
    for action in done:
        action.means = shown_code(action.code, ACTIONS)
    return render(
        request,
        "console/call.html",
        {
            "call": row,
            "line": line,
            "turns": turns,
            "saved": saved,
            "usage": costs.usage_of(row),
            "cost": costs.usage_of(row).cost(costs.prices_now()),
            "prices": costs.prices_now(),
            "page": page,
            "done": done,
            "quiet_by": action_rows.quiet_by(row.call_sid),
            "may_be_quiet": line is not None and is_answering(line),
            "sentence": sentence,
            "asked": uuid4().hex,
            "most_characters": MAX_SENTENCE_CHARACTERS,
            "may_end": request.user.has_perm(END_CALLS) and row.ended_at is None and row.status not in ENDED,
            "missing": rest.missing(),
            "people": rest.people_of(row),
            "any_number": request.user.has_perm(HAND_OVER_ANYWHERE),
        },
        status=status,
    )


@require_GET
@never_cache
@needs(READ)
def call_state(request: HttpRequest, call_sid: str) -> HttpResponse:
    row = get_object_or_404(Call, call_sid=call_sid)
    _note(request, row)
    return JsonResponse(_state_of(row, newest_turns(row), saved_values(row, request.user)))


@require_GET
@needs(READ)
def costs_by_line(request: HttpRequest) -> HttpResponse:
    """What calls cost, by line and month."""
    months = whole_number(request.GET.get("months", ""), 1, costs.MOST_MONTHS) or COST_MONTHS
    rows = costs.line_months(months)
    return render(
        request,
        "console/costs.html",
        {
            "rows": rows,
            "lines": line_names(),
            "prices": costs.prices_now(),
            "months": months,
            "emulated": bool(settings.STT_EMULATOR_HOST),
        },
    )


@require_POST
@needs(END_CALLS)
def end(request: HttpRequest, call_sid: str) -> HttpResponse:
    """Hang up."""
    row = get_object_or_404(Call, call_sid=call_sid)
    return _after(request, row, rest.end_call(row, request.user))


@require_POST
@needs(END_CALLS)
def hand_over(request: HttpRequest, call_sid: str) -> HttpResponse:
    """Connect the caller with one of the line's people; another number for who may."""
    row = get_object_or_404(Call, call_sid=call_sid)
    number = request.POST.get("other_number", "").strip() or request.POST.get("number", "")
    try:
        anywhere = request.user.has_perm(HAND_OVER_ANYWHERE)
        action = rest.hand_over(row, request.user, number, anywhere=anywhere, orders=services().orders)
    except rest.ActionError as error:
        if error.code == "number_not_allowed":
            messages.error(request, _("You may hand this call over to the line's people only: number_not_allowed."))
            return _call_page(request, row, status=403)
        messages.error(request, _("This is no number: write it as +97231234567."))
        return redirect("console:call", call_sid=call_sid)
    return _after(request, row, action)


@require_POST
@needs(END_CALLS)
def say(request: HttpRequest, call_sid: str) -> HttpResponse:
    """Say a typed sentence in the line's voice."""
    row = get_object_or_404(Call, call_sid=call_sid)
    form = SentenceForm(request.POST, _line_of(row))
    if not form.is_valid():
        return _call_page(request, row, status=400, sentence=form)
    text = form.cleaned_data["sentence"]
    return _after(request, row, give(services().orders, row, request.user, Order.SAY, text, form.ask))


@require_POST
@needs(END_CALLS)
def quiet(request: HttpRequest, call_sid: str) -> HttpResponse:
    """The line stops speaking, and answers nothing."""
    row = get_object_or_404(Call, call_sid=call_sid)
    return _after(request, row, give(services().orders, row, request.user, Order.QUIET))


@require_POST
@needs(END_CALLS)
def answer_again(request: HttpRequest, call_sid: str) -> HttpResponse:
    """The line answers what is said from now on."""
    row = get_object_or_404(Call, call_sid=call_sid)
    return _after(request, row, give(services().orders, row, request.user, Order.RELEASE))


def _line_of(row: Call) -> PhoneLine | None:
    return PhoneLine.objects.filter(number=canonical(row.to_number)).first()


def _after(request: HttpRequest, row: Call, action: SupervisorAction) -> HttpResponse:
    """What came of it, said on the call's page."""
    said = f"{action.get_kind_display()}: {action.came_of_it}"
    failed = action.outcome == SupervisorAction.Outcome.FAILED
    messages.add_message(
        request,
        messages.ERROR if failed else messages.SUCCESS,
        f"{said} ({shown_code(action.code, ACTIONS)})" if action.code else said,
    )
    return redirect("console:call", call_sid=row.call_sid)


def _state_of(row: Call, turns: list[Transcript], saved: list[dict[str, Any]]) -> dict[str, object]:
    return {
        "ended": row.ended_at is not None,
        "started_at": row.started_at.isoformat() if row.started_at else "",
        "stream": row.stream_sid,
        "quiet_by": action_rows.quiet_by(row.call_sid),
        "turns": shown_turns(row, turns),
        "answers": shown_answers(row, turns),
        "saved": saved,
        "events": newest_events(row),
    }


def texts() -> dict[str, Any]:
    """What the pages' scripts say."""
    return {
        "listening": _("the caller is silent"),
        "speaking": _("the caller speaks"),
        "nothing": _("hearing nothing"),
        "unknown": _("no news"),
        "stream": _("streaming"),
        "one_shot": _("one-shot"),
        "deaf": _("deaf"),
        "quiet": _("quiet"),
        "down": _("recogniser down"),
        "up": _("recogniser up"),
        "live": _("live"),
        "silent": _("not live: nothing has come for a while"),
        "off": _("not live: connecting again"),
        "refused": _("not live: you may not watch"),
        "unread": _("the database does not answer; what is live goes on"),
        "ended": _("the call has ended"),
        "one_call": ngettext("one call", "%(count)s calls", 1),
        "calls": ngettext("one call", "%(count)s calls", 2),
        "lag": _("loop lag"),
        "no_words": _("(no words)"),
        "echo": _("echo"),
        "emulated": _("emulated"),
        "emulated_why": _("An emulator heard this: it recognises no speech, it knows recordings."),
        **{trouble.value: str(label) for trouble, label in LABELS.items()},
        Trouble.ENGINE.value: ENGINE_DOWN,
        "sources": {source: str(label) for source, label in SOURCES},
        "line": _("The line"),
        "not_heard": _("not heard:"),
        "playing": _("is being said"),
        "answered_after": _("answered after"),
        "secret": _("secret"),
        "withdrawn": _("preparations withdrawn: %(times)s"),
        "answer": answer_texts(),
        "codes": {code: str(meaning) for code, meaning in EVENTS.items()},
        "details": {word: str(meaning) for word, meaning in DETAILS.items()},
        "of_turn": _("turn %(number)s"),
        "of_stream": _("stream %(number)s"),
    }
