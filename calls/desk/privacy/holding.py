"""Place a call under legal hold, and lift it: each is an entry of the access log, with why."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.desk.access_log.entries import Kind, note
from calls.desk.privacy.models import MOST_WHY_LETTERS, LegalHold
from calls.storage.models import Call


def place(call: Call, user: Any, why: str) -> None:
    """Nothing happens where it is held already. Raises DatabaseError."""
    with transaction.atomic():
        values = {"why": why, "user": user, "username": user.get_username(), "placed_at": timezone.now()}
        _hold, is_new = LegalHold.objects.get_or_create(call=call, defaults=values)
        if is_new:
            note(Kind.HOLD, user, call_sid=call.call_sid, detail=why)


def lift(call: Call, user: Any, why: str) -> None:
    """From now on the call is deleted when its time is over. Raises DatabaseError."""
    with transaction.atomic():
        deleted, _rows = LegalHold.objects.filter(call=call).delete()
        if deleted:
            note(Kind.LIFT, user, call_sid=call.call_sid, detail=why)


def hold_of(call: Call) -> dict[str, Any]:
    """For the call's page."""
    return {"held": LegalHold.objects.filter(call=call).first(), "most_why_letters": MOST_WHY_LETTERS}
