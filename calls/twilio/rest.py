"""End a call, or hand it to a person's number: through Twilio's REST interface, once, with a row that says who did it.

Blocking: Django runs a view in a thread of its own, never on the loop that hears. Twilio's own words:
https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from calls.core.addresses import AddressError, canonical, e164
from calls.lines.models import LinePerson
from calls.storage.models import Call
from calls.twilio.models import SupervisorAction
from calls.twilio.twiml import twiml
from voiceapp.runtime import metrics
from voiceapp.runtime.coded_error import CodedError

logger = logging.getLogger(__name__)

Outcome = SupervisorAction.Outcome
TIMEOUT_S = 8.0
STALE_S = 30.0
"""A row that is still ``asked`` after this long is of a process that died in between: it may be asked again."""
BY_LINE = "line"
"""In the place of a username."""
NOT_IN_PROGRESS = 21220
"""https://www.twilio.com/docs/api/errors/21220: the call is over, there is nothing to change."""


class ActionError(CodedError, ValueError):
    """What was asked for makes no sense; ``code`` is stable."""


def end_call(call: Call, user: Any) -> SupervisorAction:
    """Hang up. The row says what came of it."""
    return _do(call, user, str(SupervisorAction.Kind.END), "", {"status": "completed"})


def hand_over(call: Call, user: Any, number: str, *, anywhere: bool) -> SupervisorAction:
    """Connect the caller with a person; our stream ends with it.

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
    return _do(call, user, str(SupervisorAction.Kind.HAND_OVER), number, {"twiml": twiml(response)})


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


def standing(call_sid: str) -> SupervisorAction | None:
    """What was done to the call, or is being asked for; the newest. Raises DatabaseError."""
    asked = Q(outcome=Outcome.ASKED, asked_at__gte=timezone.now() - timedelta(seconds=STALE_S))
    return SupervisorAction.objects.filter(Q(outcome=Outcome.DONE) | asked, call_sid=call_sid).first()


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
    action, mine = _row(call, user, kind, number)
    if not mine:
        return action
    try:
        twilio().calls(call.call_sid).update(**change)
        action.outcome = Outcome.DONE
    except TwilioRestException as error:
        over = error.code == NOT_IN_PROGRESS
        action.outcome = Outcome.ALREADY_OVER if over else Outcome.FAILED
        action.code = f"twilio_{error.code or error.status}"
    except ActionError as error:
        action.outcome, action.code = Outcome.FAILED, error.code
    except (TwilioException, RequestException, OSError) as error:
        action.outcome, action.code = Outcome.FAILED, "twilio_unreachable"
        logger.warning("Twilio was not reached: %s", type(error).__name__)
    action.done_at = timezone.now()
    action.save(update_fields=["outcome", "code", "done_at"])
    logger.info("call %s: %s by %s: %s %s", call.call_sid, kind, action.username, action.outcome, action.code)
    return action


def _row(call: Call, user: Any, kind: str, number: str) -> tuple[SupervisorAction, bool]:
    """The action's row, and whether it is ours to carry out."""
    now = timezone.now()
    try:
        with transaction.atomic():
            return SupervisorAction.objects.create(
                call_sid=call.call_sid, kind=kind, number=number, user=user, username=_name(user), asked_at=now
            ), True
    except IntegrityError:
        pass
    rows = SupervisorAction.objects.filter(call_sid=call.call_sid, kind=kind, number=number).exclude(
        outcome=Outcome.FAILED
    )
    stale = rows.filter(outcome=Outcome.ASKED, asked_at__lt=now - timedelta(seconds=STALE_S))
    mine = stale.update(asked_at=now, user=user, username=_name(user)) == 1
    return rows.get(), mine


def _name(user: Any) -> str:
    """Who asked, on the row; without a user it was the line's own answer."""
    return BY_LINE if user is None else str(user.get_username())


def missing() -> list[str]:
    """The settings without which Twilio cannot be asked for anything."""
    return [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not getattr(settings, name)]


def twilio() -> Client:
    """Raises ActionError("no_account"). ``settings.TWILIO_HTTP_CLIENT`` names another way to Twilio, for tests."""
    if missing():
        raise ActionError("no_account")
    made = import_string(settings.TWILIO_HTTP_CLIENT) if settings.TWILIO_HTTP_CLIENT else TwilioHttpClient
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=made(timeout=TIMEOUT_S))
