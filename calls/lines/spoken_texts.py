"""What a line says in its own voice, whoever calls: to be rendered when it is saved, and checked before."""

from __future__ import annotations

from calls.lines.models import PhoneLine
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_says import DialogueText, texts_of
from calls.reply.responders.catalogue import ENTRIES

SAYS_OTHERS_WORDS = tuple(entry.name for entry in ENTRIES if entry.says_others_words)
"""Responders whose words nobody has pointed: a recogniser's, a model's."""


def dialogue_texts(line: PhoneLine) -> tuple[DialogueText, ...]:
    """Of the dialogue that answers its calls; none where another responder does, or it is invalid."""
    if line.responder != "scripted" or line.dialogue is None:
        return ()
    try:
        return texts_of(line.dialogue.script())
    except DialogueInvalid:
        return ()


def fixed_texts(line: PhoneLine) -> list[str]:
    """What it says in the same words in every call: its greeting, and a dialogue's texts without values."""
    texts = [line.greeting, *(one.text for one in dialogue_texts(line) if one.is_fixed)]
    return [text for text in texts if text.strip()]


def is_answering(line: PhoneLine) -> bool:
    """It says more than its greeting: it may have to apologise."""
    return line.responder != "silent"
