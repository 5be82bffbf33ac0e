"""What a line says to its callers, checked when it is typed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from calls.core.text import has_controls
from calls.reply.markup import has_words

NO_WORDS = _("Nothing of this can be spoken: write words.")


def speakable(sentence: str) -> None:
    """Refuse in a form what calls/twilio/twiml.py would leave out, and what leaves silence. Raises ValidationError."""
    if has_controls(sentence):
        message = _("This holds a character that cannot be spoken, for example a control character: write it again.")
        raise ValidationError(message, code="bad_character")
    if not has_words(sentence):
        raise ValidationError(NO_WORDS, code="text_unspeakable")
