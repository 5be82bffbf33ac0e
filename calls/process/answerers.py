"""Who answers a call, made of its line's settings and what the process owns."""

from __future__ import annotations

from django.utils import timezone

from calls.reply.answerer import Answerer
from calls.reply.language_models import LanguageModels
from calls.reply.line_voice import Note
from calls.reply.responder import Responder
from calls.reply.responders.llm import LlmResponder
from calls.reply.responders.model_waits import ModelWaits
from calls.reply.responders.repeat import RepeatResponder
from calls.reply.responders.scripted import ScriptedResponder
from calls.reply.responders.silent import SilentResponder
from calls.reply.settings import AnswerSettings
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning


class Answerers:
    """One process's."""

    def __init__(self, voices: Voices, language_models: LanguageModels) -> None:
        self._voices, self._language_models = voices, language_models

    def of_line(self, settings: AnswerSettings, tuning: Tuning, note: Note) -> Answerer:
        """For one call. ``note`` takes the code and the detail of each failure of a voice, on the loop."""
        voice = self._voices.of_line(settings.voice, settings.voice_fallback, note)
        responder = self._responder(settings, tuning)
        return Answerer(responder, voice, tuning, settings.keeps_callers_words, settings.prices)

    def can_greet(self, settings: AnswerSettings) -> bool:
        """Some voice of this process can say the line's greeting in the stream. Any thread; asks no network."""
        return bool(settings.voice or self._voices.default_name())

    def _responder(self, settings: AnswerSettings, tuning: Tuning) -> Responder:
        """By its name; one that this version does not know is silent."""
        if settings.responder == RepeatResponder.name:
            return RepeatResponder()
        if settings.responder == ScriptedResponder.name:
            return ScriptedResponder(settings.dialogue, timezone.localdate())
        if settings.responder == LlmResponder.name:
            waits = ModelWaits(first_ms=tuning.responder_first_ms, total_ms=tuning.responder_total_ms)
            return LlmResponder(settings, self._language_models, waits)
        return SilentResponder()
