"""Which words a Hebrew synthesiser cannot say: those without vowel points. Pure.

espeak-ng with phonikud reads points and guesses none: an unpointed שלום is said "shlm". Numbers come as words from the
normaliser, without points: those that it writes are known here (pointed_words.txt).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from calls.reply.voices.pieces import POINTS, without_points

WORD = re.compile("[^\\W\\d_](?:[^\\W_]|['\u05f3\"\u05f4\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7])*")
"""A letter with what belongs to its word: points, geresh and gershayim; a maqaf divides words."""
LETTERS = re.compile("[\u05d0-\u05ea]")
KNOWN_WORDS = Path(__file__).with_name("pointed_words.txt")
PREFIXES = {
    "ו": "\u05d5\u05b0",
    "ב": "\u05d1\u05bc\u05b0",
    "ל": "\u05dc\u05b0",
    "כ": "\u05db\u05bc\u05b0",
    "ה": "\u05d4\u05b7",
    "מ": "\u05de\u05b4",
    "ש": "\u05e9\u05c1\u05b6",
}
"""Of known words: one letter in front, with its usual point."""


def pointed(text: str) -> str:
    """The text with points on the words that are known; the others as they are."""
    text = _phrases().sub(lambda found: _prefixed(found.group(1)) + _known_words()[found.group(2)], text)
    return WORD.sub(lambda found: _pointed(found.group()), text)


def unpointed_words(text: str) -> list[str]:
    """The words of a text that must be pointed before they can be said, each once, in order; Latin ones too."""
    words = (found.group() for found in WORD.finditer(pointed(text)))
    return list(dict.fromkeys(word for word in words if not _is_pointed(word)))


def _is_pointed(word: str) -> bool:
    return bool(LETTERS.search(word) and POINTS.search(word))


def _pointed(word: str) -> str:
    if POINTS.search(word):
        return word
    known = _known_words()
    if word in known:
        return known[word]
    return _prefixed(word[0]) + known[word[1:]] if word[0] in PREFIXES and word[1:] in known else word


def _prefixed(letters: str) -> str:
    return "".join(PREFIXES[letter] for letter in letters)


@cache
def _known_words() -> dict[str, str]:
    """Words and phrases, by their bare letters."""
    known = (word.replace("_", " ") for word in KNOWN_WORDS.read_text("utf-8").split())
    return {without_points(word): word for word in known}


@cache
def _phrases() -> re.Pattern[str]:
    """A number or a time of several words: together they are read otherwise than alone."""
    several = "|".join(re.escape(words) for words in _known_words() if " " in words)
    return re.compile(rf"(?<!\w)([{''.join(PREFIXES)}]?)({several})(?!\w)")
