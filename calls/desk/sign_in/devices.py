"""A person's second factor: one app that shows codes (TOTP), and codes on paper for the day the phone is lost.

All of it is django-otp's: its rows, its arithmetic, and its waiting time, which doubles with each wrong code. Blocking.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, TypeAlias

from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

APP, PAPER = "app", "paper"
"""Names of the devices."""
CODES = 10
OFFERED_FOR = timedelta(hours=1)
"""A key that was shown and not confirmed is shown again for so long, then another one."""
AnyDevice: TypeAlias = TOTPDevice | StaticDevice


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a code."""

    right: bool
    wait_s: int = 0
    """So long no code is looked at: there were wrong ones before."""


def app_of(person: Any) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=person, confirmed=True).order_by("-pk").first()


def paper_of(person: Any) -> StaticDevice | None:
    return StaticDevice.objects.filter(user=person, confirmed=True).order_by("-pk").first()


def codes_left(person: Any) -> int:
    return StaticToken.objects.filter(device__user=person).count()


def offered_app(person: Any) -> TOTPDevice:
    """One that is not confirmed: its key is what the page shows."""
    offered = TOTPDevice.objects.filter(user=person, confirmed=False)
    offered.filter(created_at__lt=timezone.now() - OFFERED_FOR).delete()
    return offered.order_by("pk").first() or TOTPDevice.objects.create(user=person, name=APP, confirmed=False)


def key_of(app: TOTPDevice) -> str:
    """As people type it: in groups of four letters."""
    text = b32encode(app.bin_key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def check(device: AnyDevice, code: str) -> Checked:
    """Is it the device's code now, or one of its codes? A right one is right once."""
    with transaction.atomic():
        # Of two requests with one code the second one waits, and finds it used.
        held = type(device).objects.select_for_update().get(pk=device.pk)
        allowed, why = held.verify_is_allowed()
        if not allowed:
            return Checked(False, max(1, ceil((why["locked_until"] - timezone.now()).total_seconds())))
        return Checked(held.verify_token("".join(code.split()).replace("-", "").lower()))


def confirm(app: TOTPDevice) -> list[str]:
    """It is the person's from now on, in place of any before; returns the codes for paper, which nobody shows again."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=app.user).exclude(pk=app.pk).delete()
        TOTPDevice.objects.filter(pk=app.pk).update(confirmed=True)
        app.confirmed = True
        return new_codes(app.user)


def new_codes(person: Any) -> list[str]:
    """In place of those before."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=person).delete()
        paper = StaticDevice.objects.create(user=person, name=PAPER)
        codes = [StaticToken.random_token() for _ in range(CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=paper, token=code) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def forget(person: Any) -> int:
    """The phone is lost: nothing of the second factor is left; returns how many devices there were."""
    with transaction.atomic():
        apps, paper = TOTPDevice.objects.filter(user=person), StaticDevice.objects.filter(user=person)
        count = apps.filter(confirmed=True).count() + paper.count()
        apps.delete()
        paper.delete()
    return count
