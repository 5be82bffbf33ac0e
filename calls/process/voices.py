"""A process's voices: made from the settings, shared by all calls."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from calls.reply.phrases import PhraseCache
from calls.reply.voices.espeak import EspeakVoices
from calls.reply.voices.google import GoogleVoices
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices


def voices_of_settings(emulator: str = "") -> Voices:
    """As the environment says, or with Google's by this emulator; the first that can be used is the default."""
    emulator = emulator or settings.TTS_EMULATOR_HOST
    google = GoogleVoices(emulator=emulator, has_credentials=settings.HAS_GOOGLE_CREDENTIALS)
    phrases = PhraseCache(Path(settings.VAR_DIR) / "phrases", settings.PHRASE_CACHE_MB)
    return Voices([google, EspeakVoices()], phrases, Prompts())
