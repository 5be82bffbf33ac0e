"""A piece: what a voice is asked to say at once, and what it may be. Pure."""

from __future__ import annotations

import re

from calls.reply.voice import VoiceError

MAX_PIECE_CHARACTERS = 240
"""Of a piece, without its points."""
POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
"""Hebrew vowel points and accents, but neither maqaf nor other punctuation."""


def without_points(text: str) -> str:
    """The text as people write it: bare letters."""
    return POINTS.sub("", text)


def check_piece(text: str) -> str:
    """The piece without spaces around it. Raises VoiceError ``text_unspeakable``: nothing to say, or too much."""
    text = text.strip()
    if not any(character.isalnum() for character in text):
        raise VoiceError("text_unspeakable", "There is no letter and no digit in the text.")
    if (length := len(without_points(text))) > MAX_PIECE_CHARACTERS:
        raise VoiceError(
            "text_unspeakable", f"The text has {length} characters; a piece has at most {MAX_PIECE_CHARACTERS}."
        )
    return text
