"""A process's recognition: its engines made from the settings, shared by all calls."""

from __future__ import annotations

from django.conf import settings

from stt.engines.google import google_at
from stt.engines.registry import EngineRegistry, Recognition

STREAMING = ONE_SHOT = "google"
"""The engines in use."""


def recognition_of_settings() -> Recognition:
    """As the environment says."""
    google = google_at(settings.GOOGLE_CLOUD_SPEECH_ENDPOINT, settings.STT_EMULATOR_HOST)
    return EngineRegistry({"google": google}).recognition(streaming=STREAMING, one_shot=ONE_SHOT)
