"""The normal form in which words are searched: what a recogniser writes and what a person types differ only in marks.

It is stored beside each turn (calls/storage/rows.py), and each query is brought to it. Pure.

Points and accents, invisible marks, and quotes within words are removed, so that צה״ל, צה"ל and צהל are one word. Every
other character that is neither a letter nor a digit becomes a space between words (בית־ספר, בית-ספר, בית ספר) and is
removed between digits (052-765-4321, 1,250). Letters have one case, digits one script.

Digits are what they are, with the zeros in front of them: 007 is no 7. Where a number begins as it is dialled at home
(0), its rest is looked for behind the country's code as well (+972).

Final letters stay as they are written, for they tell a word's end; a query's word is found with either form of its last
letter (קליף and קליפ, או"מ and או"ם).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from calls.core.addresses import dialled, local_digits

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
MOST_WORDS = 20
_TYPED_NUMBER = re.compile(r"[+0(]")
_HOME = "+972"
_DIALLED_AT_HOME = re.compile(r"(?:(?:\+972|00972)0?|0)(?P<rest>[1-9][0-9]*)")
_FINAL, _OTHERS = "ךםןףץ", "כמנפצ"
_TWO_FORMS = re.compile(f"(?<=\\w)[{_FINAL}{_OTHERS}](?!\\w)")
_LAST_LETTER = re.compile(f"(?<=\\w)(?:([{_FINAL}])|([{_OTHERS}]))(?!\\w)")


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word or a phrase of a query, in the forms in which it is searched."""

    typed: str
    spoken: str
    """What is searched in search texts."""
    pattern: str
    """...instead, a regular expression, where a word's last letter has two forms, or a number's beginning; else
    empty."""
    stem: str
    """The longest part of ``spoken`` that has one form: every text with the word has it, and a database finds it sooner
    than it matches a pattern."""
    number: str
    """What is searched in callers' and lines' numbers."""
    begins: str = ""
    """How a number of this country begins that is meant as well, with its ``+``; else empty."""


def search_text(*texts: str | None) -> str:
    """The normal form of these texts, one on each line."""
    return "\n".join(_search_text(text) for text in texts if text)


def value_search_text(value: str, *, secret: bool) -> str:
    """...of a value that is kept of an answer; a secret is never found."""
    return "" if secret else search_text(value)


def words(query: str) -> Iterator[SearchWord]:
    """The words and the "phrases in quotes" of a query, each once and MOST_WORDS of them: each is a condition
    of its own, and hundreds kept a database busy for minutes. A query that is a phone number in any notation is one
    word."""
    query = _MARKS.sub("", query).strip()
    if _TYPED_NUMBER.match(query) and dialled(query):
        yield _word(query)
        return
    found: dict[str, SearchWord] = {}
    for one in _QUERY.finditer(query):
        word = _word(one["phrase"] or one["word"])
        if word.spoken:
            found.setdefault(word.spoken, word)
        if len(found) == MOST_WORDS:
            break
    yield from found.values()


def _word(typed: str) -> SearchWord:
    spoken = _search_text(typed)
    if not _DIGITS.fullmatch(spoken):
        pattern = _LAST_LETTER.sub(_either_form, spoken)
        stem = max(_TWO_FORMS.split(spoken), key=len)
        return SearchWord(typed, spoken, "" if pattern == spoken else pattern, stem, typed)
    number = dialled(typed)
    if not number:
        return _digits(typed, spoken)
    # A number may be said and stored with its country code or with a 0; the rest is the same.
    rest = local_digits(number)
    return SearchWord(typed, rest, "", rest, rest)


def _digits(typed: str, spoken: str) -> SearchWord:
    """As they are typed, or the beginning of a number of this country."""
    home = _DIALLED_AT_HOME.fullmatch(f"+{spoken}" if typed.startswith("+") else spoken)
    if home is None:
        return SearchWord(typed, spoken, "", spoken, spoken)
    rest = home["rest"]
    return SearchWord(typed, spoken, f"(0|972){rest}", rest, spoken, f"{_HOME}{rest}")


def _either_form(found: re.Match[str]) -> str:
    final, other = found.groups()
    if final:
        # It ends a word, and so does what stands for it: מים is no part of מימון.
        return f"({final}|{_OTHERS[_FINAL.index(final)]}(?!\\w))"
    return f"[{other}{_FINAL[_OTHERS.index(other)]}]"


def _search_text(text: str) -> str:
    plain = unicodedata.normalize("NFKD", _QUOTES.sub("", text)).casefold()
    plain = _OTHER_FORMS.sub(_one_form, _MARKS.sub("", plain))
    return _BETWEEN_WORDS.sub(" ", _WITHIN_NUMBER.sub("", plain)).strip()


def _one_form(found: re.Match[str]) -> str:
    return _ONE_FORM.get(found[0]) or str(unicodedata.digit(found[0]))
