"""Reads numbers in Hebrew as recognisers write them: digits, number words, or both in one breath. Pure.

A text becomes words, and words become parts: numbers, and what stands between them. Where a number ends is a matter of
grammar: "חמישים ושתיים" is 52, "חמישים שתיים" is a 50 and a 2, "שלוש מאות ארבעים וחמש" is 345. Dictated digits are the
parts' figures side by side; "פעמיים חמש" and "כפול חמש" are two fives, "שלוש פעמים חמש" three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from calls.core.digit_words import ONES

_TENS = ("עשר עשרה עשרת", "עשרים", "שלושים שלשים", "ארבעים", "חמישים חמשים", "שישים ששים", "שבעים", "שמונים", "תשעים")
VALUES: dict[str, int] = {
    **{word: value for value, words in enumerate(ONES) for word in words.split()},
    **{word: 10 * tens for tens, words in enumerate(_TENS, 1) for word in words.split()},
    "מאה": 100,
    "מאתיים": 200,
    "מאתים": 200,
    "אלפיים": 2000,
}
"""Number words and what they say alone."""
HUNDREDS = "מאות"
"""After three to nine."""
SCALES = {"אלף": 1000, "אלפים": 1000, "מיליון": 1_000_000, "מליון": 1_000_000}
"""They multiply what stands before them; alone they are a number."""
TEENS = ("עשרה", "עשר")
"""After one to nine they make eleven to nineteen."""
TWICE = ("פעמיים", "כפול", "דאבל", "דבל")
TIMES = "פעמים"
"""After a number: the next one is said so many times."""
MOST_TIMES = 9
MOST_FIGURES = 30
"""More in one word are no number that anybody means."""
PREFIXES = "ובלהמשכ"
"""Letters that Hebrew writes onto the front of a word; recognisers write some apart, as in "20 ו-2"."""
AND = "ו"
_APART = ("ו", "ב", "ל", "ה", "מ", "וב", "ול")
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_WORD = re.compile(r"\+?\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:[\"'][^\W\d_]+)*'?|[₪$€]")
_QUOTES = str.maketrans({"״": '"', "”": '"', "“": '"', "׳": "'", "’": "'", "`": "'"})
_FIGURES = re.compile(f"[0-9]{{1,{MOST_FIGURES}}}")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters, without points, punctuation and marks that nobody sees.

    Figures with . , : / inside of them are one word; a hyphen divides.
    """
    plain = unicodedata.normalize("NFKC", text.replace("½", " וחצי"))
    shown = (str(unicodedata.decimal(one, one)) for one in plain if unicodedata.category(one) != "Cf")
    return _WORD.findall(_POINTS.sub("", "".join(shown)).translate(_QUOTES).lower())


def stem_of(word: str, known: Container[str]) -> tuple[str, str]:
    """The prefix letters and the known word that a written word is made of; ("", "") when it is none of them."""
    for length in range(min(3, len(word))):
        if word[length:] in known and all(letter in PREFIXES for letter in word[:length]):
            return word[:length], word[length:]
    return "", ""


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A number, or one word that is none."""

    word: str = ""
    """Of what is no whole number, as written."""
    value: int | None = None
    figures: str = ""
    """The digits as dictated: zeros in front are kept. Also of a word that is written in figures, such as a date."""
    times: int = 1
    """It was said to stand so many times in a row."""
    prefix: str = ""
    """Letters on the number's front, such as the ב of an hour or the ו of "and"."""


def parts_of(text: str, *, loose: bool = False) -> list[SpokenPart]:
    """The text as numbers and other words.

    ``loose``: ones join to what stands before them without an "and" too, as in amounts; digits are dictated one by one,
    and there they do not.
    """
    return list(_repeated(_numbers(list(_atoms(words_of(text))), loose)))


def digits_of(parts: Iterable[SpokenPart]) -> str:
    """All figures, side by side."""
    return "".join(part.figures * part.times for part in parts)


def is_dangling(parts: Sequence[SpokenPart]) -> bool:
    """The last word says that a number follows: "twice"."""
    return bool(parts) and parts[-1].word == TIMES


@dataclass(frozen=True, slots=True)
class _Atom:
    """A word, or two that make a number below a thousand."""

    word: str
    value: int | None = None
    prefix: str = ""
    scale: int = 0
    """Of a word that multiplies what stands before it."""
    written: str = ""
    """Its figures, if it was written so."""


def _atoms(words: Sequence[str]) -> Iterator[_Atom]:
    apart = ""
    at = 0
    while at < len(words):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 1
        if word in _APART and following:
            apart = word
            continue
        prefix, stem = stem_of(word, _NUMBER_WORDS)
        prefix, apart = apart + prefix, ""
        if stem in SCALES:
            yield _Atom(word, None, prefix, SCALES[stem])
            continue
        plain = word.replace(",", "") if _GROUPED.fullmatch(word) else word.removeprefix("+")
        value, written = VALUES.get(stem), ""
        if _FIGURES.fullmatch(plain):
            value, written = int(plain), plain
        if value is not None and following == HUNDREDS and 2 < value < 10:
            value, written, at = 100 * value, "", at + 1
        elif value is not None and following in TEENS and 0 < value < 10 and not written:
            value, at = value + 10, at + 1
        yield _Atom(word, value, prefix, 0, written)


@dataclass(slots=True)
class _Number:
    """A number as it grows."""

    prefix: str
    group: int
    """What is said of the thousand that is being said."""
    written: str
    """Its figures, as long as it is one word in figures."""
    room: int
    """Only what is smaller can join: the power of ten above which everything was said."""
    thousands: int = 0
    """What came before, with its scale."""
    least_scale: int = 1_000_000_000

    def takes(self, atom: _Atom, loose: bool) -> bool:
        """Add what follows, if it belongs to this number."""
        said_and = AND in atom.prefix
        if atom.scale:
            if said_and or not 0 < self.group < 1000 or atom.scale >= self.least_scale:
                return False
            self.thousands += self.group * atom.scale
            self.group, self.room, self.least_scale, self.written = 0, atom.scale, atom.scale, ""
            return True
        value = atom.value or 0
        apart = bool(self.written or atom.written) or (value < 10 and not loose)
        if not 0 < value < self.room or (apart and not said_and) or set(atom.prefix) - {AND}:
            return False
        if value < 10 and self.group % 100 == 10:  # 15 has a word of its own; "ten and five" is a time
            return False
        self.group, self.room, self.written = self.group + value, _room(value), ""
        return True

    def part(self) -> SpokenPart:
        value = self.thousands + self.group
        return SpokenPart("", value, self.written or str(value), 1, self.prefix)


def _numbers(atoms: Sequence[_Atom], loose: bool) -> Iterator[SpokenPart]:
    number: _Number | None = None
    for atom in atoms:
        if number is not None and number.takes(atom, loose):
            continue
        if number is not None:
            yield number.part()
        number = None
        if atom.scale:
            number = _Number(atom.prefix, 0, "", atom.scale, atom.scale, atom.scale)
        elif atom.value is not None:
            code = atom.written.startswith("0") or len(atom.written) > 4
            number = _Number(atom.prefix, atom.value, atom.written, 0 if code else _room(atom.value))
        else:
            yield SpokenPart(atom.word, None, re.sub(r"\D", "", atom.word))
    if number is not None:
        yield number.part()


def _room(value: int) -> int:
    """The power of ten below which a number still has only zeros."""
    room = 1
    while value and value % (10 * room) == 0:
        room *= 10
    return room


def _repeated(parts: Iterable[SpokenPart]) -> Iterator[SpokenPart]:
    """Reads "twice five" as one part."""
    times = 1
    held: SpokenPart | None = None
    for part in parts:
        if part.word.removeprefix(AND) in (*TWICE, TIMES):
            counted = held is not None and held.value is not None and 1 < held.value <= MOST_TIMES
            if part.word == TIMES and counted and held is not None and held.value is not None:
                times, held = held.value, None
            else:
                times = 2
        elif part.value is not None and times > 1:
            part, times = replace(part, times=times), 1
            if held is not None:
                yield held
            held = part
        else:
            if held is not None:
                yield held
            held = part
    if held is not None:
        yield held
    if times > 1:
        yield SpokenPart(TIMES)


_NUMBER_WORDS = {*VALUES, *SCALES}
