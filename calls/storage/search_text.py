"""The normal form in which words are searched: what a recogniser writes and what a person types differ only in marks.

It is stored beside each turn (calls/storage/rows.py), and each query is brought to it. Pure.

Points and accents, invisible marks, and quotes within words are removed, so that צה״ל, צה"ל and צהל are one word. Every
other character that is neither a letter nor a digit becomes a space between words (בית־ספר, בית-ספר, בית ספר) and is
removed between digits (052-765-4321, 1,250). Letters have one case, digits one script.
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
"""Only a quote at a word's edge begins or ends a phrase; one inside belongs to the word: צה"ל ומע"מ."""
_TYPED_NUMBER = re.compile(r"[+0(]")
_HOME = "+972"


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word or a phrase of a query, in the forms in which it is searched."""

    typed: str
    spoken: str
    """What is searched in turns' search text."""
    number: str
    """What is searched in callers' and lines' numbers."""


def search_text(*texts: str | None) -> str:
    """The normal form of these texts, one on each line."""
    return "\n".join(_search_text(text) for text in texts if text)


def words(query: str) -> Iterator[SearchWord]:
    """The words and the "phrases in quotes" of a query. A query that is a phone number in any notation is one word."""
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
    # A number may be said and stored with its country code or with a 0; the rest is the same.
    rest = number.removeprefix(_HOME).removeprefix("+")
    return SearchWord(typed, rest, rest)


def _search_text(text: str) -> str:
    plain = unicodedata.normalize("NFKD", _QUOTES.sub("", text)).casefold()
    plain = _OTHER_FORMS.sub(_one_form, _MARKS.sub("", plain))
    return _BETWEEN_WORDS.sub(" ", _WITHIN_NUMBER.sub("", plain)).strip()


def _one_form(found: re.Match[str]) -> str:
    return _ONE_FORM.get(found[0]) or str(unicodedata.digit(found[0]))
