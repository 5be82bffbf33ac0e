"""Who answers a call, made of its line's settings and what the process owns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils import timezone

from calls.reply.dialogue_format import DialogueScript
from calls.reply.preparation import Answerer
from calls.reply.responder import Responder
from calls.reply.responders.repeat import RepeatResponder
from calls.reply.responders.scripted import ScriptedResponder
from calls.reply.responders.silent import SilentResponder
from calls.reply.settings import AnswerSettings
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning

MakeResponder = Callable[[AnswerSettings], Responder]


def scripted(settings: AnswerSettings) -> Responder:
    """Today is the day on which the call begins."""
    script = settings.dialogue if isinstance(settings.dialogue, DialogueScript) else None
    return ScriptedResponder(script, timezone.localdate())


RESPONDERS: Mapping[str, MakeResponder] = {
    SilentResponder.name: lambda _: SilentResponder(),
    RepeatResponder.name: lambda _: RepeatResponder(),
    ScriptedResponder.name: scripted,
}
"""By the name on a line."""


class Answerers:
    """One process's."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices

    def of_line(self, settings: AnswerSettings, tuning: Tuning, note: Callable[[str], object]) -> Answerer:
        """For one call. ``note`` takes the code of each failure of a voice, on the loop. A responder that this version
        does not know is silent."""
        responder = RESPONDERS.get(settings.responder, RESPONDERS[SilentResponder.name])(settings)
        voice = self._voices.of_line(settings.voice, settings.voice_fallback, note)
        return Answerer(responder, voice, tuning, settings.keeps_callers_words)

    def can_greet(self, settings: AnswerSettings) -> bool:
        """Some voice of this process can say the line's greeting in the stream. Any thread; asks no network."""
        return bool(settings.voice or self._voices.default_name())
