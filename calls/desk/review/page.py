"""What the admin's page of a call has beside its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from calls.core.agent_turns import AGENT
from calls.desk.answers import ShownAnswer, saved_values
from calls.desk.permissions import LISTEN
from calls.desk.review.corrections import add_corrections, standing_corrections
from calls.desk.review.head import head_of
from calls.desk.review.latency_bar import add_bars
from calls.desk.review.listening import part_of, streams_of
from calls.desk.review.models import MOST_LETTERS, Correction
from calls.desk.review.queue.blind import told
from calls.desk.review.queue.block import queue_block
from calls.storage.models import Call, Transcript

SPEEDS = "0.75", "1", "1.25", "1.5", "2"
"""Times real time, at which a recording is played."""


def reviewed(request: HttpRequest, call: Call, turns: Iterable[Transcript], rows: int) -> dict[str, Any]:
    """For the template: the call's streams, and which page (``rows``) of its turns this is.

    Each turn gets its corrections, and its ``part`` of the streams: None where it cannot be heard; one of the line's
    its ``answer``.
    """
    turns = list(turns)
    streams = streams_of(call) if request.user.has_perm(LISTEN) else []
    for turn in turns:
        shown: Any = turn  # the page's own attribute of it
        shown.part = part_of(turn, streams)
        if turn.is_agents:
            shown.answer = ShownAnswer.of(turn)
    block = queue_block(request, call, turns)
    only_of: Any = request.user if block["blind"] else None
    add_corrections(call, turns, only_of=only_of)
    corrected = standing_corrections(told(Correction.objects.filter(call=call), request.user, timezone.now()))
    numbers = [turn.number for turn in turns if not turn.is_agents]
    add_bars(turns, call.turns.filter(speaker=AGENT, answers__in=numbers), call.tuning)
    saved = saved_values(call, request.user)
    return {
        "head": head_of(call),
        "corrected_n": corrected.count(),
        "emulated": any("emulator" in turn.engine for turn in turns),
        "speeds": SPEEDS,
        "streams": streams,
        "turns": turns,
        "most_letters": MOST_LETTERS,
        "rows": rows,
        "saved": saved,
        "queue": block,
    }
