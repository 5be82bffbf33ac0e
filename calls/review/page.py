"""What the admin's page of a call has beside its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from calls.models import Call, Transcript
from calls.people import LISTEN
from calls.review.listening import part_of, streams_of


def reviewed(request: HttpRequest, call: Call, turns: Iterable[Transcript]) -> dict[str, Any]:
    """For the template: the call's streams. Each turn gets its ``part`` of them; None where it cannot be heard."""
    streams = streams_of(call) if request.user.has_perm(LISTEN) else []
    for turn in turns:
        turn.part = part_of(turn, streams)
    return {"streams": streams}
