"""Twilio's webhooks: a call comes in, its stream ends, its status changes.

Every request must be signed (403 otherwise). ``voice`` answers a signed request with TwiML whatever else has failed:
anything but 200 makes Twilio play an English error and hang up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.twiml.voice_response import Connect, Stream, VoiceResponse

from calls.core.addresses import canonical
from calls.core.text import is_sid
from calls.lines.privacy import Notice
from calls.process.services import services
from calls.process.shared_state import ANSWER_FAILED, ENDED_BY_US
from calls.storage.line_hours import mark
from calls.storage.models import Call
from calls.storage.tombstones import is_buried
from calls.twilio import stream_tokens
from calls.twilio.action_rows import standing
from calls.twilio.call_age import call_age_ms
from calls.twilio.call_status import ENDED, STATUS_ORDER
from calls.twilio.models import SupervisorAction
from calls.twilio.signature import socket_url, webhook_is_signed
from calls.twilio.twiml import twiml
from voiceapp.runtime import metrics
from voiceapp.runtime.brief_waits import brief_waits
from voiceapp.runtime.log_context import of_call
from voiceapp.runtime.whole_number import whole_number

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]
VOICE = "Google.he-IL-Standard-A"
LONGEST_CALL_S = 10_000_000
"""Nobody calls for longer; Twilio ends a call after a day."""
LONGEST_PARAMETER = 450
"""Twilio takes less than 500 characters of name and value together."""
ANOTHER_PROCESS = "X-Another-Process"
"""Set by a balancer that asks the next process on 503, and the last one without it (deploy/nginx/voiceapp.conf)."""
QUERY_S = 1.5
"""So long a query may wait for a lock: Twilio gives a webhook 15 s, and one asks three times at most."""
MOST_LOST = 1
"""A second lost socket gets the line's fallback: whatever it is, another stream will not mend it."""


def from_twilio(view: View) -> View:
    """Only a signed POST reaches the view."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if not webhook_is_signed(request):
            metrics.WEBHOOKS_REFUSED.labels("bad_signature").inc()
            logger.warning("webhook %s refused: bad_signature", request.path)
            return HttpResponse("bad_signature", status=403, content_type="text/plain")
        if not request.POST.get("CallSid"):
            metrics.WEBHOOKS_REFUSED.labels("missing_call_sid").inc()
            return HttpResponse("missing_call_sid", status=400, content_type="text/plain")
        if not is_sid(request.POST["CallSid"]):
            metrics.WEBHOOKS_REFUSED.labels("bad_call_sid").inc()
            return HttpResponse("bad_call_sid", status=400, content_type="text/plain")
        with of_call(request.POST["CallSid"]), brief_waits(QUERY_S):
            return view(request)

    return checked


@from_twilio
def voice(request: HttpRequest) -> HttpResponse:
    """A call has come in: connect its audio to our socket, or say that nobody can hear it now."""
    if services().admission.refusal(request.POST["CallSid"]):
        return _not_here(request)
    response = VoiceResponse()
    lines = services().lines
    line = lines.line(request.POST.get("To", ""))
    # Of a line that is not known yet nobody knows the greeting: the stream says it as soon as it is.
    in_stream = not lines.are_known or (bool(line.greeting) and services().answerers.can_greet(line.answer))
    # Before the stream: nothing is heard or recorded until it is said to its end, and no voice of ours is needed.
    _notify(response, line.notice)
    if line.greeting and not in_stream:
        response.say(line.greeting, voice=VOICE, language="he-IL")
    # Also the second time that a call asks: where its stream stands in it is found out when that opens.
    token = _token(request, greets=in_stream, notifies=not lines.are_known, notified=bool(line.notice))
    return _connect(request, token, response=response)


@from_twilio
def after(request: HttpRequest) -> HttpResponse:
    """What follows the stream: the end, where the call is over; a new stream, where its socket was lost; what the line
    has for callers whom we cannot hear, where that was lost as well.

    Perhaps also asked when a supervisor's REST update has ended the stream: Twilio asks "when the <Connect> verb ends"
    (twilio.com/docs/voice/twiml/connect) and does not say whether an update is such an end; of an interrupted <Dial>
    the action was seen to be asked for beside the update's own TwiML, which then had the call
    (github.com/qisoft/i-hate-making-calls/issues/31). So the answer is what the update says, whichever is taken.
    """
    over = request.POST.get("CallStatus", "") in ENDED
    action = None if over else _supervisors_action(request.POST["CallSid"])
    if action is not None:
        response = VoiceResponse()
        if action.number:
            response.dial(action.number)
        else:
            response.hangup()
        return _twiml(response)
    end_reason = "" if over else _our_end_reason(request.POST["CallSid"])
    if end_reason == ANSWER_FAILED:
        return _fallback(request)
    if over or end_reason:
        response = VoiceResponse()
        follow_number = services().lines.line(request.POST.get("To", "")).follow_number
        if follow_number and not over:
            response.dial(follow_number)
        else:
            response.hangup()
        return _twiml(response)
    streams = whole_number(request.GET.get("lost", ""), 0, 99) or 0
    metrics.SOCKETS_LOST.inc()
    if streams >= MOST_LOST:
        return _fallback(request)
    if services().admission.refusal(request.POST["CallSid"]):
        return _not_here(request)
    token = _token(request, streams + 1, call_age_ms(request.POST["CallSid"], services().shared))
    return _connect(request, token, f"?lost={streams + 1}")


def _notify(response: VoiceResponse, notice: Notice) -> None:
    """Tell the caller what the line has to tell before anything else."""
    if notice.recording:
        response.play(notice.recording)
    elif notice.text:
        response.say(notice.text, voice=VOICE, language="he-IL")


def _token(request: HttpRequest, stream_index: int = 0, base_ms: int = 0, **left: bool) -> str:
    """``left``: as ``stream_tokens.issue`` takes it."""
    said = request.POST
    to_number, account_sid = canonical(said.get("To", "")), said.get("AccountSid", "")
    return stream_tokens.issue(said["CallSid"], to_number, stream_index, base_ms, account_sid, **left)


def _connect(request: HttpRequest, token: str, query: str = "", response: VoiceResponse | None = None) -> HttpResponse:
    stream = Stream(
        url=socket_url(stream_tokens.stream_path(token)),
        status_callback=settings.PUBLIC_URL + "/twilio/stream",
    )
    for name, field in (("from_number", "From"), ("to_number", "To")):
        stream.parameter(name=name, value=canonical(request.POST.get(field, ""))[:LONGEST_PARAMETER])
    connect = Connect(action=settings.PUBLIC_URL + "/twilio/after" + query)
    connect.append(stream)
    return _twiml(VoiceResponse() if response is None else response, connect)


def _not_here(request: HttpRequest) -> HttpResponse:
    """This process hears nobody more: another one, where a balancer asks for it; else what the line has."""
    if request.headers.get(ANOTHER_PROCESS):
        return HttpResponse(
            services().admission.refusal(request.POST["CallSid"]), status=503, content_type="text/plain"
        )
    return _fallback(request)


def _fallback(request: HttpRequest) -> HttpResponse:
    """The line's sentence, and then a person, a message, or the end."""
    called = services().lines.line(request.POST.get("To", ""))
    line = called.fallback
    metrics.CALLS_NOT_HEARD.inc()
    response = VoiceResponse()
    if line.records and not line.number:
        _notify(response, called.notice)
    response.say(line.sentence, voice=VOICE, language="he-IL")
    if line.number:
        response.dial(line.number)
    elif line.records:
        response.record(max_length=120, play_beep=True, timeout=5)
    else:
        response.hangup()
    return _twiml(response)


def _supervisors_action(call_sid: str) -> SupervisorAction | None:
    """Unknown without a database."""
    try:
        return standing(call_sid)
    except DatabaseError:
        return None


def _our_end_reason(call_sid: str) -> str:
    """Why we closed this call's socket on purpose; empty where we did not. Its row says so before we do, but where the
    database is away."""
    known = services().shared.read(call_sid).our_end_reason
    if known:
        return known
    try:
        ended = Call.objects.filter(call_sid=call_sid, end_reason__in=ENDED_BY_US)
        return ended.values_list("end_reason", flat=True).first() or ""
    except DatabaseError:
        return ""


@from_twilio
def status(request: HttpRequest) -> HttpResponse:
    """The call's status as Twilio sees it; late and repeated callbacks never bring it back."""
    said = request.POST.get("CallStatus", "")
    duration_s = whole_number(request.POST.get("CallDuration", ""), 0, LONGEST_CALL_S)
    if said not in STATUS_ORDER:
        metrics.WEBHOOKS_REFUSED.labels("unknown_status").inc()
        return HttpResponse(status=204)
    try:
        if is_buried(request.POST["CallSid"]):
            return HttpResponse(status=204)
        call, _ = Call.objects.get_or_create(call_sid=request.POST["CallSid"])
        later = Call.objects.filter(pk=call.pk).exclude(status__in=_not_before(said))
        later.update(status=said, status_at=timezone.now())
        if duration_s is not None:
            _keep_duration(call, duration_s)
    except DatabaseError as error:
        # Twilio repeats a failed callback once; the call itself is kept by the writer.
        logger.warning("a status callback was not kept: %s", type(error).__name__)
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _keep_duration(call: Call, duration_s: int) -> None:
    with transaction.atomic():
        Call.objects.filter(pk=call.pk).update(twilio_duration_s=duration_s)
        # Asked for again: the row may have got its start since.
        mark(Call.objects.filter(pk=call.pk).values_list("started_at", flat=True))


@from_twilio
def stream(request: HttpRequest) -> HttpResponse:
    """The stream's own callbacks; an error is worth a line."""
    event = request.POST.get("StreamEvent", "")
    if event == "stream-error":
        logger.warning("Twilio reports a stream error on %s", request.POST["CallSid"])
    return HttpResponse(status=204)


def _not_before(said: str) -> list[str]:
    """Statuses that a callback saying ``said`` must not overwrite: those that come later, and every end."""
    return [other for other in STATUS_ORDER if other in ENDED or STATUS_ORDER.index(other) > STATUS_ORDER.index(said)]


def _twiml(response: VoiceResponse, verb: Connect | None = None) -> HttpResponse:
    if verb is not None:
        response.append(verb)
    return HttpResponse(twiml(response), content_type="text/xml")
