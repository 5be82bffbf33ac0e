"""Reads what was kept of a call, and scores it against what was played."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from calls.lab.call_report import CallReport
from calls.lab.rig import RigError
from calls.storage.call_streams import CallStream
from calls.storage.models import Call, SavedValue, Transcript
from calls.storage.recording import Recording
from calls.whatif.scoring import Score, ScoredTurn, TrueWord, score
from stt.audio import FRAME_MS, duration_ms
from stt.emulator.recordings import Clip

RECORD_TIMEOUT_S = 40.0
"""A call that is not complete in the database by then counts as missing."""
MAX_UNRECORDED_MS = 1500
"""A recording may miss this much of what the stream received: a second is written at a time."""


async def record_of(call_sid: str, timeout_s: float = RECORD_TIMEOUT_S) -> tuple[Call, list[Transcript]]:
    """The call's row once it is complete, with the caller's turns. Raises RigError."""

    def complete() -> tuple[Call, list[Transcript]] | None:
        call = Call.objects.filter(call_sid=call_sid, ended_at__isnull=False).first()
        return (call, list(call.turns.heard())) if call is not None else None

    for _ in range(int(timeout_s / 0.2)):
        found = await database_sync_to_async(complete)()
        if found is not None:
            return found
        await asyncio.sleep(0.2)
    raise RigError(f"record_missing: call {call_sid} was not closed")


async def answers_of(call: Call) -> tuple[list[Transcript], list[SavedValue], list[str]]:
    """The line's answers to a call that is complete, the values that it saved, and the codes of its events."""

    def read() -> tuple[list[Transcript], list[SavedValue], list[str]]:
        answers = [turn for turn in call.turns.order_by("number") if turn.is_agents]
        return answers, list(call.saved_values.all()), list(call.events.values_list("code", flat=True))

    return await database_sync_to_async(read)()


async def codes_of(call: Call) -> list[str]:
    """Of the call's events."""
    return await database_sync_to_async(lambda: list(call.events.values_list("code", flat=True)))()


def is_recorded(stream: CallStream) -> bool:
    """A stream's recording holds what it received, to MAX_UNRECORDED_MS; a stream that received nothing has none."""
    received_ms = FRAME_MS * stream.count("frames_received")
    path = Path(settings.VAR_DIR) / stream.recording
    if not path.is_file():
        return received_ms == 0
    return abs(duration_ms(Recording(path).ulaw()[1]) - received_ms) < MAX_UNRECORDED_MS


def scored(turn: Any) -> ScoredTurn:
    return ScoredTurn(turn.started_ms, turn.ended_ms, turn.text, turn.heard_text, turn.final_ms, turn.source)


def score_of(report: CallReport, turns: Sequence[Any], recordings: dict[str, Clip]) -> Score:
    """What was played against what was kept."""
    said = [
        TrueWord(word.text, word.start_ms + start_ms, word.end_ms + start_ms)
        for name, start_ms, _ in report.played
        for word in recordings[name].words
    ]
    return score(said, [scored(turn) for turn in turns])
