"""A line whose callers are heard on this machine alone: no stream, each utterance by the one-shot recogniser."""

from __future__ import annotations

from pathlib import Path

from calls.lines.models import PhoneLine
from stt.models import TuningProfile

NAME, NUMBER = "Whisper", "+97235550116"
"""Of the line and its profile."""
DEADLINE_MS = 20_000
"""Of the one-shot: long, for a machine that does something else as well still gives words."""


def put_line() -> str:
    """The line's number, with its profile as the demo wants it, whatever was changed in them. Before a server starts.

    Raises DatabaseError, ValidationError."""
    profile = TuningProfile.objects.filter(name=NAME).first() or TuningProfile(name=NAME)
    profile.streaming, profile.stt_fallback_deadline_ms = False, DEADLINE_MS
    profile.full_clean()
    profile.save()
    line = PhoneLine.objects.filter(number=NUMBER).first() or PhoneLine(number=NUMBER, name=NAME)
    line.profile = profile
    line.full_clean()
    line.save()
    return NUMBER


def environment(weights: Path) -> dict[str, str]:
    """Of the server that the line is called on."""
    return {"WHISPER_DIR": str(weights)}
