"""Hebrew for the ear: a text as a voice should speak it.

Markdown, emoji, links and leaked tool calls go (calls/reply/markup.py); what the normalizer misreads is put right
(calls/reply/corrections.py); numbers, prices, dates, times, units and short forms become words by heb-tts-normalizer;
what is still no speech is dropped. The contract is the table of tests/calls/reply/speakable_phrases.py.

Thread-safe. The normalizer's first texts take up to half a second (it compiles its rules): ``warm`` does that ahead,
off the loop; after it a piece takes about a millisecond.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from heb_tts_normalizer import Config, Gender, NormalizerError, normalize

from calls.reply.corrections import corrected, joined_prefixes
from calls.reply.markup import plain
from calls.reply.numerals import DIGITS, LETTERS
from calls.reply.pieces import PIECE_CHARACTERS, TOO_LONG_WORD, within

_MASCULINE = (
    "לקוחות חשבונות יתרונות חסרונות פתרונות רעיונות ניסיונות נסיונות אולמות מפתחות זוגות דורות מקורות מזלגות דוחות"
    " קנסות תינוקות"
)
GENDERS = dict.fromkeys(_MASCULINE.split(), Gender.MASC) | {"דרכים": Gender.FEM}
"""Counted nouns whose gender heb-tts-normalizer 0.2.0 has wrong: of 158 that calls are about, these."""
_POINTS = "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7]"
_POINTED_NOUN = re.compile(rf"(?<![\d.,:/-])(\d{{1,7}}) ((?=[א-ת]+{_POINTS})(?:[א-ת]{_POINTS}*)+)")
_PART_CHARACTERS = 500
"""Patterns, ours and the normalizer's, take a time that grows faster than the text: a long one is read in parts."""
MOST_PHRASES = 2000
"""Kept as they are spoken: those of some hundred dialogues."""
_AND_ONE = re.compile(r"(?<![א-ת\u0591-\u05c7])ו-?1 ((?!ל)[א-ת]{3,})(?![א-ת\u0591-\u05c7\"'])")
_LETTER = re.compile(r"[^\W\d_]")
_QUOTE = re.compile(r"(?<![א-ת\u0591-\u05c7])[\"״]|[\"״](?![א-ת])|(?<![א-תA-Za-z\u0591-\u05c7])['׳]")
_UNSAID = re.compile(r"[^\w\s.,!?:;'\"׳״־–—…\u0591-\u05c7-]|[_½⅓⅔¼¾⅕⅛²³]")
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+(?=[.,!?:;…])")
_MARKS = re.compile(r"([.,!?:;…])(?:\s*[.,:;…])+|([,:;])(?:\s*[!?.])")
_LEADING = re.compile(r"^[\s.,:;!?…–—-]+")
_LONE_DASH = re.compile(r"(?:^|\s)[-–—־]+(?=\s|$)|—")
_DIGIT = re.compile(r"\d")


def speakable(text: str) -> str:
    """The text in words and punctuation; "" where nothing of it can be spoken. Never raises."""
    text = TOO_LONG_WORD.sub("", plain(text))
    # A piece that ends at a comma goes on in the next one: the voice should not sink.
    end = "," if text.endswith(",") else ""
    text = _finished(" ".join(_in_words(part) for part in within(text, _PART_CHARACTERS)))
    return f"{text}{end}" if _LETTER.search(text) else ""


def spoken_pieces(text: str) -> list[str]:
    """One piece of an answer as one or more of speakable text, each at most 240 characters: numbers grow in words."""
    return within(speakable(text), PIECE_CHARACTERS)


@lru_cache(MOST_PHRASES)
def phrase_pieces(text: str) -> tuple[str, ...]:
    """As ``spoken_pieces``, of a text that is said again and again: it takes the loop a millisecond, once. Not for
    words of callers, which are not to be kept."""
    return tuple(spoken_pieces(text))


def warm() -> None:
    """Let the normalizer compile its rules. Blocks for up to a second: not on the loop."""
    for text in _WARMING:
        speakable(text)


@cache
def _config() -> Config:
    return Config(strip_markdown=False, gender_overrides=dict(GENDERS))


def _in_words(text: str) -> str:
    text = _POINTED_NOUN.sub(_counted, _AND_ONE.sub(_and_one, corrected(text)))
    return joined_prefixes(_normalized(text))


def _normalized(text: str) -> str:
    try:
        return normalize(text, _config())
    except (NormalizerError, UnicodeError, ValueError):
        return text  # its digits are read one by one


def _counted(found: re.Match[str]) -> str:
    """A number before a pointed noun: the normalizer knows the gender of the bare one only."""
    bare = re.sub(_POINTS, "", found[2])
    words = _normalized(f"{found[1]} {bare}")
    if not words.endswith(f" {bare}"):
        return found[0]
    return words[: -len(bare)] + found[2]


def _and_one(found: re.Match[str]) -> str:
    """ו-1 שיחה: the normalizer puts the one behind its noun only where no prefix stands before it."""
    words = _normalized(f"1 {found[1]}")
    if words.startswith(found[1]):
        return f"ו{words}"
    return f"ו{found[1]} אחת" if found[1][-1] in "הת" else found[0]


def _finished(text: str) -> str:
    """What the normalizer left: signs nobody says, brackets, doubled marks, digits that it did not read."""
    text = text.replace("(", ", ").replace(")", ", ").replace("%", " אחוז ").replace("₪", " שקלים ")
    text = text.replace("/", " ").replace("−", "-")
    text = _QUOTE.sub(" ", text)
    text = _UNSAID.sub(" ", text)
    text = _DIGIT.sub(lambda found: f" {DIGITS[int(found[0])]} ", text)
    text = _LONE_DASH.sub(lambda found: ", " if found[0].strip() else " ", text)
    text = _SPACES.sub(" ", text)
    text = _BEFORE_MARK.sub("", text)
    text = _MARKS.sub(lambda found: _strongest(found[0]), text)
    return _LEADING.sub("", text).strip(" ,:;-–—")


def _strongest(marks: str) -> str:
    return next(one for one in "?!….:;," if one in marks)


_WARMING = (
    'מחר ב-1.1.2027 בשעה 14:30, 49.90 ₪, 12.5%, 3 לקוחות, 03-1234567, *2700, 5 ק"ג, ד"ר כהן, רח\' הרצל 12.',
    "קוד 4-8-2-1, תעודת זהות 123456782, 9:00-17:00, -120 ₪, ½ שעה, info@example.co.il, 3:2, iPhone 15, 2026-03-15.",
    f"שלום {next(iter(LETTERS))} 1,234,567",
)
