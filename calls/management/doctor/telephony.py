"""Checks of the Twilio account and its numbers, through Twilio's own client. Blocking; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException

from calls.lines.models import PhoneLine
from calls.management.doctor.finding import Finding, failed, ok, skipped, warning
from calls.twilio.rest import missing, twilio

UNAUTHENTICATED = 401
WANTED = {
    "voice_url": "/twilio/voice",
    "voice_fallback_url": "/twilio/after",
    "status_callback": "/twilio/status",
}
"""What of a number leads where, as ``manage.py connect_number`` sets it; all by POST."""


def account() -> Iterator[Finding]:
    """The token is the account's; each line's number, and each that leads here, leads here whole."""
    if lacks := missing():
        yield skipped("twilio", f"{lacks[0]} is not set: the account is not asked")
        return
    try:
        client = twilio()
        found = client.api.accounts(settings.TWILIO_ACCOUNT_SID).fetch()
        numbers = client.incoming_phone_numbers.list(limit=1000)
    except TwilioRestException as error:
        advice = "copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN anew from Twilio's console"
        if error.status != UNAUTHENTICATED:
            advice = f"see https://www.twilio.com/docs/api/errors/{error.code}"
        yield failed("twilio", f"refuses: {error.msg} ({error.code})", advice)
        return
    except (TwilioException, RequestException, OSError) as error:
        yield failed("twilio", f"is not reached ({type(error).__name__})", "see that this box may reach api.twilio.com")
        return
    if found.status == "active":
        yield ok("twilio", "the token is the account's, which is active")
    else:
        yield failed("twilio", f"the account is {found.status}", "see Twilio's console: its calls are not taken")
    yield from _numbers({one.phone_number: one for one in numbers})


def _numbers(numbers: dict[str, Any]) -> Iterator[Finding]:
    try:
        lines = set(PhoneLine.objects.exclude(number="").values_list("number", flat=True))
    except DatabaseError:
        lines = set()
    leading_here = {
        name for name, one in numbers.items() if (one.voice_url or "").startswith(f"{settings.PUBLIC_URL}/")
    }
    if not lines | leading_here:
        yield warning("number", "no number leads here", "run manage.py connect_number +972…")
    for name in sorted(lines | leading_here):
        if name not in numbers:
            yield warning("number", f"{name} is a line here, and no number of the account", "correct the line's number")
        elif wrong := _wrong(numbers[name]):
            yield failed("number", f"{name}: {wrong}", f"run manage.py connect_number {name}")
        else:
            yield ok("number", f"{name}: voice, fallback and status lead here")


def _wrong(number: Any) -> str:
    """What of a number leads elsewhere; "" where nothing does."""
    for name, path in WANTED.items():
        url, method = getattr(number, name), getattr(number, name.removesuffix("_url") + "_method")
        if url != settings.PUBLIC_URL + path:
            return f"{name} is {url or 'not set'}"
        if method != "POST":
            return f"{name} is asked by {method}"
    return ""
