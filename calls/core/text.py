"""Text from outside, as rows, logs and pages can hold them. Pure."""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
"""Controls but the tab and the line feed, lone surrogates, which have no UTF-8, and what is no character: PostgreSQL
takes neither NUL nor a surrogate, and nobody has ever said or dialled one of the others."""
_UNSEEN = "\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Embeddings, overrides and isolates, which turn the direction of what follows them on a page, and what has no width.
The marks of a direction (U+200E, U+200F) turn nothing but their own place, and joiners are parts of words and emoji."""
_HAS_CONTROLS = re.compile(f"[{_CONTROLS}]")
_NEVER_KEPT = re.compile(f"[{_CONTROLS}{_UNSEEN}]")
HIDDEN = "•"
"""In place of one character."""
MASK = HIDDEN * 4
"""In place of a secret value, on pages and in exports: its length is nobody's business."""
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Twilio's are two letters and 32 hexadecimal digits: https://www.twilio.com/docs/glossary/what-is-a-sid. Others'
senders have shorter ones, or uuids."""


def clean(text: str, longest: int | None = None) -> str:
    """The text without what cannot be kept, cut to ``longest`` characters."""
    return _NEVER_KEPT.sub("", text)[:longest]


def has_controls(text: str) -> bool:
    """Somebody typed or pasted what is no text. What is only unseen is left out without a word: pages hold it, and who
    copies from one cannot know."""
    return _HAS_CONTROLS.search(text) is not None


def is_sid(text: str) -> bool:
    """It can be the id of a call or a stream."""
    return _SID.fullmatch(text) is not None
