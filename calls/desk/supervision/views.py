"""The console's pages. They are whole without JavaScript; with it they move."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from calls.core.addresses import canonical
from calls.desk.access import needs
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.answers import ShownAnswer, saved_values
from calls.desk.clock import in_call, zone, zone_name
from calls.desk.codes import ACTIONS, shown_code
from calls.desk.line_limits.seen import seen_by, seen_call
from calls.desk.numbers import sees_numbers, shown_caller
from calls.desk.permissions import END_CALLS, HAND_OVER_ANYWHERE, LISTEN, READ
from calls.desk.supervision.ordering import SentenceForm, give
from calls.desk.supervision.reading import (
    line_names,
    newest_events,
    newest_turns,
    running_calls,
    shown_answers,
    shown_turns,
)
from calls.desk.supervision.shown_actions import shown_actions
from calls.desk.supervision.texts import texts
from calls.lines import costs
from calls.lines.models import Alarm, PhoneLine
from calls.lines.open_alarms import acknowledge, open_alarms
from calls.lines.spoken_texts import is_answering
from calls.process.admission import MAX_LOOP_LAG_MS
from calls.process.services import services
from calls.reply.orders import MAX_SENTENCE_CHARACTERS, Order
from calls.storage.models import Call, Transcript
from calls.twilio import action_rows, rest
from calls.twilio.call_status import ENDED
from calls.twilio.models import SupervisorAction
from voiceapp.runtime.whole_number import whole_number

COST_MONTHS = 3
CALL_SID = re.compile("CA[0-9a-f]{32}")
# A call of which nobody knows: ten seconds, then it is not found.
ASKED_AGAIN_S = 1
MAX_TIMES_ASKED = 10
UNSAVED_ASKED_AGAIN_S = 2
"""For as long as it takes: some process has heard the call begin, and its row will come."""
LAG_MS = {"behind": 50, "overloaded": MAX_LOOP_LAG_MS}
"""A process whose loop is later than this (p95) hears calls late, two frames and more; takes no new ones."""


@require_GET
@needs(READ)
def wall(request: HttpRequest) -> HttpResponse:
    """Every running call, and the processes that hear them."""
    note_lasting(Kind.WATCH, request.user, calls=0)
    urls = {
        "state": reverse("console:state"),
        "call": reverse("console:call", args=["SID"]),
        "alarm": reverse("admin:calls_alarm_change", args=[0]),
        "acknowledge": reverse("console:acknowledge", args=[0]),
    }
    return render(request, "console/wall.html", {"page": {"urls": urls, "texts": texts(), "lag_ms": LAG_MS}})


@require_POST
@needs(READ)
def acknowledge_alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Whoever watches says that they see to it."""
    if not acknowledge(alarm_id, request.user, seen_by(request.user).of(Alarm)):
        messages.info(request, _("This alarm is over, or somebody sees to it already."))
    return redirect("console:wall")


@require_GET
@needs(READ)
def state(request: HttpRequest) -> HttpResponse:
    """What the wall shows, as the database has it."""
    note_lasting(Kind.WATCH, request.user, calls=0)
    seen = seen_by(request.user)
    return JsonResponse(
        {
            "calls": running_calls(seen, sees_numbers=sees_numbers(request.user)),
            "lines": line_names(seen),
            "alarms": open_alarms(seen.of(Alarm)),
        }
    )


@require_GET
@needs(READ)
def call(request: HttpRequest, call_sid: str) -> HttpResponse:
    """One call, followed."""
    row = seen_by(request.user).of(Call).filter(call_sid=call_sid).first()
    if row is None:
        return _not_saved_yet(request, call_sid)
    _note(request, row)
    return _call_page(request, row)


def _not_saved_yet(request: HttpRequest, call_sid: str) -> HttpResponse:
    """A call is on the wall before its row is written: until then its page asks again, by itself. Of a call that no
    process has heard it says in the end that there is nothing; of one that began, that its row is awaited. A call of a
    line that is not seen is answered as an unknown one, so that nobody learns of it."""
    asked = whole_number(request.GET.get("asked", "0"), 0, MAX_TIMES_ASKED)
    if not CALL_SID.fullmatch(call_sid) or asked is None:
        raise Http404
    known = services().shared.read(call_sid)
    if known.first_ms is not None and seen_by(request.user).has(known.line):
        began_at = datetime.fromtimestamp(known.first_ms / 1000, UTC)
        answer = render(request, "console/not_saved_yet.html", {"began_at": began_at}, status=202)
        answer["Refresh"] = f"{UNSAVED_ASKED_AGAIN_S}; url={request.path}"
        return answer
    if asked == MAX_TIMES_ASKED:
        raise Http404
    answer = render(request, "console/not_saved_yet.html", status=202)
    answer["Refresh"] = f"{ASKED_AGAIN_S}; url={request.path}?asked={asked + 1}"
    return answer


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
    prices = costs.prices_on(timezone.localdate(row.started_at) if row.started_at else timezone.localdate())
    page = {"call": row.call_sid, "zone": zone(), "urls": urls, "texts": texts(), "state": _state_of(row, turns, saved)}
    for turn in turns:
        shown: Any = turn  # the page's own attributes of it
        shown.shown_at = in_call(turn.started_ms)
        if turn.is_agents:
            shown.answer = ShownAnswer.of(turn)
    return render(
        request,
        "console/call.html",
        {
            "call": row,
            "caller": shown_caller(request.user, row.from_number),
            "zone": zone_name(),
            "line": line,
            "turns": turns,
            "saved": saved,
            "usage": costs.usage_of(row),
            "cost": costs.usage_of(row).cost(prices),
            "prices": prices,
            "page": page,
            "done": shown_actions(row),
            "quiet_by": action_rows.quiet_by(row.call_sid),
            "may_be_quiet": line is not None and is_answering(line),
            "sentence": sentence,
            "asked": uuid4().hex,
            "most_characters": MAX_SENTENCE_CHARACTERS,
            "may_end": request.user.has_perm(END_CALLS) and row.ended_at is None and row.status not in ENDED,
            "may_listen": request.user.has_perm(LISTEN) and row.ended_at is None,
            "missing": rest.missing(),
            "people": rest.people_of(row),
            "any_number": request.user.has_perm(HAND_OVER_ANYWHERE),
        },
        status=status,
    )


@require_GET
@needs(READ)
def call_state(request: HttpRequest, call_sid: str) -> HttpResponse:
    row = seen_call(request.user, call_sid=call_sid)
    _note(request, row)
    return JsonResponse(_state_of(row, newest_turns(row), saved_values(row, request.user)))


@require_GET
@needs(READ)
def costs_by_line(request: HttpRequest) -> HttpResponse:
    """What calls cost, by line and month."""
    months = whole_number(request.GET.get("months", ""), 1, costs.MOST_MONTHS) or COST_MONTHS
    seen = seen_by(request.user)
    rows, names = costs.line_months(months, seen.of(Call)), line_names(seen)
    return render(
        request,
        "console/costs.html",
        {
            "rows": [(row, names.get(row.line, "")) for row in rows],
            "totals": costs.totals(rows),
            "prices": costs.prices_now(),
            "months": months,
            "emulated": bool(settings.STT_EMULATOR_HOST),
        },
    )


@require_POST
@needs(END_CALLS)
def end(request: HttpRequest, call_sid: str) -> HttpResponse:
    """Hang up."""
    row = seen_call(request.user, call_sid=call_sid)
    return _after(request, row, rest.end_call(row, request.user))


@require_POST
@needs(END_CALLS)
def hand_over(request: HttpRequest, call_sid: str) -> HttpResponse:
    """Connect the caller with one of the line's people; another number for who may."""
    row = seen_call(request.user, call_sid=call_sid)
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
    row = seen_call(request.user, call_sid=call_sid)
    form = SentenceForm(request.POST, _line_of(row))
    if not form.is_valid():
        return _call_page(request, row, status=400, sentence=form)
    text = form.cleaned_data["sentence"]
    return _after(request, row, give(services().orders, row, request.user, Order.SAY, text, form.ask))


@require_POST
@needs(END_CALLS)
def quiet(request: HttpRequest, call_sid: str) -> HttpResponse:
    """The line stops speaking, and answers nothing."""
    row = seen_call(request.user, call_sid=call_sid)
    return _after(request, row, give(services().orders, row, request.user, Order.QUIET))


@require_POST
@needs(END_CALLS)
def answer_again(request: HttpRequest, call_sid: str) -> HttpResponse:
    """The line answers what is said from now on."""
    row = seen_call(request.user, call_sid=call_sid)
    return _after(request, row, give(services().orders, row, request.user, Order.RELEASE))


def _line_of(row: Call) -> PhoneLine | None:
    return PhoneLine.objects.filter(number=canonical(row.to_number)).first()


def _after(request: HttpRequest, row: Call, action: SupervisorAction) -> HttpResponse:
    """What came of it, said on the call's page; its script says there what comes of it later."""
    said = f"{action.get_kind_display()}: {action.get_outcome_display()}"
    failed = action.outcome == SupervisorAction.Outcome.FAILED
    messages.add_message(
        request,
        messages.ERROR if failed else messages.SUCCESS,
        f"{said} ({shown_code(action.code, ACTIONS)})" if action.code else said,
        extra_tags=f"action-{action.pk}",
    )
    return redirect("console:call", call_sid=row.call_sid)


def _state_of(row: Call, turns: list[Transcript], saved: list[dict[str, Any]]) -> dict[str, object]:
    return {
        "ended_at": row.ended_at.isoformat() if row.ended_at else "",
        "started_at": row.started_at.isoformat() if row.started_at else "",
        "stream": row.stream_sid,
        "quiet_by": action_rows.quiet_by(row.call_sid),
        "turns": shown_turns(row, turns),
        "answers": shown_answers(row, turns),
        "saved": saved,
        "events": newest_events(row),
        "done": [asdict(one) for one in shown_actions(row)],
    }
