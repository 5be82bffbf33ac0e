"""Interjections: what a caller says over an answer that is no question. Pure.

A *backchannel* says "go on": אהה, כן כן. A *stop* asks for silence at once: רגע, די. Both are lists of the profile
(stt/tuning.py), compared word by word without points and punctuation; a drawn-out last letter (אההה, אממ) counts once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from calls.reply.expect import words_of

_DRAWN_OUT = re.compile(r"(.)\1+$")


def only_backchannels(text: str, phrases: Iterable[str]) -> bool:
    """The text has words, and all of them are phrases of the list, one after the other."""
    words = _plain(text)
    known = _plain_list(tuple(phrases))
    reached = {0}
    for at in range(len(words)):
        if at in reached:
            reached |= {at + len(phrase) for phrase in known if phrase and words[at : at + len(phrase)] == phrase}
    return bool(words) and len(words) in reached


def holds_stop(text: str, stops: Iterable[str], said: str = "") -> bool:
    """One of the stops is in the text. ``said``: the line's own words just now; a stop that is among them may be their
    echo, and is passed over."""
    words, own = _plain(text), _plain(said)
    return any(_holds(words, stop) and not _holds(own, stop) for stop in _plain_list(tuple(stops)))


def _plain(text: str) -> list[str]:
    return [_DRAWN_OUT.sub(r"\1", word) for word in words_of(text)]


@lru_cache(maxsize=64)
def _plain_list(phrases: tuple[str, ...]) -> list[list[str]]:
    """A profile's list, which is looked through at each word over an answer."""
    return [_plain(phrase) for phrase in phrases]


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    length = len(phrase)
    return bool(phrase) and any(words[at : at + length] == phrase for at in range(len(words) - length + 1))
