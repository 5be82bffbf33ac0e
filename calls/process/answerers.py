"""Who answers a call, made of its line's settings and what the process owns."""

from __future__ import annotations

from django.utils import timezone

from calls.reply.answerer import Answerer
from calls.reply.language_models import LanguageModels
from calls.reply.line_voice import Note
from calls.reply.responder import Responder
from calls.reply.responders import catalogue
from calls.reply.responders.silent import SilentResponder
from calls.reply.settings import AnswerSettings
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning


class Answerers:
    """One process's."""

    def __init__(self, voices: Voices, language_models: LanguageModels) -> None:
        self._voices, self._language_models = voices, language_models

    def of_line(self, settings: AnswerSettings, tuning: Tuning, note: Note) -> Answerer:
        """For one call. ``note`` takes the code and the detail of each failure of a voice, and of a responder that this
        version does not know, on the loop."""
        voice = self._voices.of_line(settings.voice, settings.voice_fallback, note)
        responder = self._responder(settings, tuning, note)
        return Answerer(responder, voice, tuning, settings.keeps_callers_words, settings.prices)

    def can_greet(self, settings: AnswerSettings) -> bool:
        """Some voice of this process can say the line's greeting in the stream. Any thread; asks no network."""
        return bool(settings.voice or self._voices.default_name())

    def _responder(self, settings: AnswerSettings, tuning: Tuning, note: Note) -> Responder:
        """By its name. One that this version does not know is noted, and the line goes on listening."""
        known = catalogue.entries()
        if entry := known.get(settings.responder):
            today = timezone.localdate()
            return entry.make(catalogue.ResponderInputs(settings, tuning, self._language_models, today))
        note(catalogue.UNKNOWN, f"there is no responder {settings.responder!r}; there are: {', '.join(known)}")
        return SilentResponder()
