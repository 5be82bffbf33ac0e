"""What a voice cannot say of a text that somebody types, before it is to be said.

What a process owns is imported where it is needed: with it come the vendors' clients, which most commands do not need.
"""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.lines.sentences import NO_WORDS

NEEDS_POINTS = _("The voice cannot say these words without vowel points: %(words)s.")


def words_without_points(voice: str, texts: Iterable[str]) -> list[str]:
    """The words that this voice ("": the server's first) cannot say as they are written, each once."""
    from calls.process.services import services
    from calls.reply.voice import VoiceError
    from calls.reply.voices.pointing import unpointed_words

    words: dict[str, None] = {}
    for aloud in map(_aloud, texts):
        try:
            services().voices.check(voice, aloud)
        except VoiceError as error:
            if error.code == "text_unspeakable":
                words |= dict.fromkeys(unpointed_words(aloud))
    return list(words)


def _aloud(text: str) -> str:
    """In words; remembered, for a long dialogue is read for each voice that says it."""
    from calls.reply.speakable import phrase_pieces

    return " ".join(phrase_pieces(text))


def refuse_unspeakable(form: forms.BaseForm, field: str, voice: str, texts: Iterable[str]) -> None:
    """An error at this field where nothing of a text can be said, or that names the words that the voice cannot say."""
    texts = [text for text in texts if text.strip()]
    if not all(map(_aloud, texts)):
        form.add_error(field, forms.ValidationError(NO_WORDS, "text_unspeakable"))
    if words := words_without_points(voice, texts):
        form.add_error(field, forms.ValidationError(NEEDS_POINTS, "text_unspeakable", {"words": ", ".join(words)}))
