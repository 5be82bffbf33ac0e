"""A line whose callers are heard on this machine alone: no stream, each utterance by the one-shot recogniser."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from calls.lines.models import PhoneLine
from stt.engines import whisper
from stt.models import TuningProfile

NAME, NUMBER = "Whisper", "+97235550116"
"""Of the line and its profile."""
DEADLINE_MS = 20_000
"""Of the one-shot: long, for a machine that does something else as well still gives words."""


def put_line(weights: Path) -> str:
    """The line's number, with its profile as the demo wants it, whatever was changed in them. Before a server starts.

    Raises DatabaseError, ValidationError."""
    # The server has it of its environment; this process, which saves the profile, does not.
    settings.ENGINE_VARIABLES = {**settings.ENGINE_VARIABLES, **environment(weights)}
    profile = TuningProfile.objects.filter(name=NAME).first() or TuningProfile(name=NAME)
    profile.engines = whisper.NAME
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
    return {whisper.DIRECTORY: str(weights)}
