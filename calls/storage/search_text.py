"""The one form in which words are looked for: what a recogniser writes and what a person types differ in marks alone.

Written beside each turn by who writes it, and made of each query. Pure.

Left out: points and accents, marks that nobody sees, and quotes within words, so that צה״ל, צה"ל and צהל are one. All
else that is no letter and no digit is a space between words (בית־ספר, בית-ספר, בית ספר) and nothing between digits
(052-765-4321, 1,250). Letters have one case, digits one script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from calls.core.addresses import dialled

_QUOTES = re.compile("[\"'`´׳״ʹ-ʼ‘-‟′-‷‹›«»＂＇]")
_MARKS = re.compile(
    "[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061c\u064b-\u065f\u0670"
    "\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]"
)
"""Points and accents of Hebrew, Latin, Cyrillic and Arabic; format characters."""
_OTHER_FORMS = re.compile("[װ-ײ٠-٩۰-۹]")
_ONE_FORM = {"װ": "וו", "ױ": "וי", "ײ": "יי"}
_WITHIN_NUMBER = re.compile(r"(?<=\d)[\W_]+(?=\d)")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_DIGITS = re.compile("[0-9]+")
_QUERY = re.compile('["״“”„‟«»](?P<phrase>.+?)["״“”„‟«»](?=\\s|$)|(?P<word>\\S+)')
"""Only a quote at a word's edge begins or ends a phrase; one inside is the word's: צה"ל ומע"מ."""
_TYPED_NUMBER = re.compile(r"[+0(]")
_HOME = "+972"


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A part of a query, as it is looked for."""

    typed: str
    spoken: str
    """In turns' search text."""
    number: str
    """In callers' and lines' numbers."""


def search_text(*texts: str | None) -> str:
    """What of these texts is looked for, each on a line."""
    return "\n".join(_search_text(text) for text in texts if text)


def words(query: str) -> Iterator[SearchWord]:
    """The words of a query, and its "words in quotes"; a query that is one number, however it is written, is one."""
    query = _MARKS.sub("", query).strip()
    if _TYPED_NUMBER.match(query) and dialled(query):
        yield _word(query)
        return
    for found in _QUERY.finditer(query):
        word = _word(found["phrase"] or found["word"])
        if word.spoken:
            yield word


def _word(typed: str) -> SearchWord:
    spoken = _search_text(typed)
    if not _DIGITS.fullmatch(spoken):
        return SearchWord(typed, spoken, typed)
    number = dialled(typed)
    if not number:
        return SearchWord(typed, spoken, spoken.lstrip("0") or spoken)
    # Spoken or kept, with its country or with a 0: the rest is the same.
    rest = number.removeprefix(_HOME).removeprefix("+")
    return SearchWord(typed, rest, rest)


def _search_text(text: str) -> str:
    plain = unicodedata.normalize("NFKD", _QUOTES.sub("", text)).casefold()
    plain = _OTHER_FORMS.sub(_one_form, _MARKS.sub("", plain))
    return _BETWEEN_WORDS.sub(" ", _WITHIN_NUMBER.sub("", plain)).strip()


def _one_form(found: re.Match[str]) -> str:
    return _ONE_FORM.get(found[0]) or str(unicodedata.digit(found[0]))
