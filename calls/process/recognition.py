"""A process's recognition: its engines made from the settings, shared by all calls."""

from __future__ import annotations

from django.conf import settings

from stt.engines import whisper
from stt.engines.catalogue import ENTRIES, variables
from stt.engines.registry import EngineRegistry, Recognition

STREAMING = ONE_SHOT = "google"
"""The engines in use; single utterances are Whisper's where it has weights."""


def engine_variables() -> dict[str, str]:
    """What the environment says to engines. A variable that is a setting of its own counts as that."""
    return {name: getattr(settings, name, settings.ENGINE_VARIABLES[name]) for name in variables()}


def recognition_of_settings() -> Recognition:
    """As the environment says."""
    values = engine_variables()
    engines = EngineRegistry({entry.name: entry.engine_at(values) for entry in ENTRIES})
    one_shot = whisper.NAME if values[whisper.DIRECTORY] else ONE_SHOT
    return engines.recognition(streaming=STREAMING, one_shot=one_shot)
