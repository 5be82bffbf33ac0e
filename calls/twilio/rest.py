"""End a call, or hand it to a person's number: through Twilio's REST interface, once, with a row that says who did it.

Blocking: Django runs a view in a thread of its own, never on the loop that hears. Twilio's own words:
https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
"""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from calls.core.addresses import AddressError, canonical, e164
from calls.lines.models import LinePerson
from calls.process.call_orders import CallOrders
from calls.storage.models import Call
from calls.twilio import action_rows
from calls.twilio.models import SupervisorAction
from calls.twilio.twiml import twiml
from voiceapp.runtime import metrics
from voiceapp.runtime.coded_error import CodedError

logger = logging.getLogger(__name__)

Outcome = SupervisorAction.Outcome
TIMEOUT_S = 8.0
NOT_IN_PROGRESS = 21220
"""https://www.twilio.com/docs/api/errors/21220: the call is over, there is nothing to change."""


class ActionError(CodedError, ValueError):
    """What was asked for makes no sense; ``code`` is stable."""


def end_call(call: Call, user: Any) -> SupervisorAction:
    """Hang up. The row says what came of it."""
    return _do(call, user, str(SupervisorAction.Kind.END), "", {"status": "completed"})


def hand_over(call: Call, user: Any, number: str, *, anywhere: bool, orders: CallOrders) -> SupervisorAction:
    """Connect the caller with a person; our stream ends with it. What answers the line is quiet from now on, and
    answers again if nothing comes of it.

    ``anywhere``: this user may hand calls over to any number, not to the line's people alone. Raises ActionError:
    bad_number, or number_not_allowed. What was not allowed is a row like what was done: an account may be in the wrong
    hands.
    """
    try:
        number = e164(number)
    except AddressError as error:
        raise ActionError(error.code) from error
    if not anywhere and not people_of(call).filter(number=number).exists():
        _refuse(call, user, number)
    response = VoiceResponse()
    response.dial(number)
    by = user.get_username()
    # An answer that plays, or would begin, until Twilio has taken the call away is not heard.
    quieted = not missing() and orders.quiet(call.call_sid, by) == ""
    action = _do(call, user, str(SupervisorAction.Kind.HAND_OVER), number, {"twiml": twiml(response)})
    if quieted and action.outcome == Outcome.FAILED:
        orders.go_on(call.call_sid, by)
    return action


def hand_over_by_line(call_sid: str, number: str) -> str:
    """As ``hand_over``, asked for by what answers the line, to one of its people. Returns a stable code of why it
    was not done; empty when it was. Blocking; never raises."""
    response = VoiceResponse()
    response.dial(number)
    try:
        call, _ = Call.objects.get_or_create(call_sid=call_sid)
        kind = str(SupervisorAction.Kind.HAND_OVER)
        action = _do(call, None, kind, number, {"twiml": twiml(response)})
    except DatabaseError as error:
        logger.warning("call %s: not handed over: %s", call_sid, type(error).__name__)
        return "database_away"
    return "" if action.outcome in (Outcome.DONE, Outcome.ASKED) else action.code or str(action.outcome)


def people_of(call: Call) -> QuerySet[LinePerson]:
    """Whom the call may be handed over to."""
    return LinePerson.objects.filter(line__number=canonical(call.to_number))


def _refuse(call: Call, user: Any, number: str) -> NoReturn:
    now, code = timezone.now(), "number_not_allowed"
    metrics.HAND_OVERS_REFUSED.inc()
    logger.warning("call %s: not handed over by %s: %s", call.call_sid, user.get_username(), code)
    SupervisorAction.objects.create(
        call_sid=call.call_sid,
        kind=SupervisorAction.Kind.HAND_OVER,
        number=number,
        user=user,
        username=user.get_username(),
        asked_at=now,
        done_at=now,
        outcome=Outcome.FAILED,
        code=code,
    )
    raise ActionError(code)


def _do(call: Call, user: Any, kind: str, number: str, change: dict[str, str]) -> SupervisorAction:
    action, mine = action_rows.begin(call.call_sid, user, kind, number)
    if not mine:
        return action
    return action_rows.end(action, *_update(call.call_sid, change))


def _update(call_sid: str, change: dict[str, str]) -> tuple[Outcome, str]:
    """What came of it, and a code."""
    try:
        twilio().calls(call_sid).update(**change)
    except TwilioRestException as error:
        over = error.code == NOT_IN_PROGRESS
        return Outcome.ALREADY_OVER if over else Outcome.FAILED, f"twilio_{error.code or error.status}"
    except ActionError as error:
        return Outcome.FAILED, error.code
    except (TwilioException, RequestException, OSError) as error:
        logger.warning("Twilio was not reached: %s", type(error).__name__)
        return Outcome.FAILED, "twilio_unreachable"
    return Outcome.DONE, ""


def missing() -> list[str]:
    """The settings without which Twilio cannot be asked for anything."""
    return [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not getattr(settings, name)]


def twilio() -> Client:
    """Raises ActionError("no_account"). ``settings.TWILIO_HTTP_CLIENT`` names another way to Twilio, for tests."""
    if missing():
        raise ActionError("no_account")
    made = import_string(settings.TWILIO_HTTP_CLIENT) if settings.TWILIO_HTTP_CLIENT else TwilioHttpClient
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=made(timeout=TIMEOUT_S))
