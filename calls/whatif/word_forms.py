"""The normal form in which what was said is compared with what an engine wrote. Pure.

Engines write the same speech differently: 25 or עשרים וחמש, ד"ר or דוקטור, תכנית or תוכנית. Counted as errors, these
would say whose style the corrector shares, and not who hears best. What remains different is another word.

| rule | the same | not the same |
|---|---|---|
| points and accents | שָׁלוֹם = שלום | |
| geresh, gershayim, quotes | צה״ל = צה"ל = צהל | |
| maqaf, hyphen, dash: a space between words | בית־ספר = בית-ספר = בית ספר | קופת חולים ≠ קופתחולים |
| a letter written onto a word is part of it | ה-ראשון = הראשון; ה-SMS = הSMS | בחיפה ≠ חיפה |
| final letters | קליפ = קליף | |
| punctuation, letter case of other scripts | מה, WhatsApp? = מה whatsapp | |
| numbers as words or figures | עשרים וחמש = 25; שש מאות = 600; אחד = אחת | עשרים וחמש ≠ 26 |
| figures, however they are grouped | 052-765 = אפס חמש שתיים שבע שש חמש; 14:30 = ארבע עשרה שלושים | |
| a number keeps its prefix | ב-20 = בעשרים | ב-20 ≠ 20 |
| signs and units | 50 ₪ = חמישים שקלים; $50 = 50 דולר; 10% = עשרה אחוזים | 50 ₪ ≠ 50 דולר |
| vowel letters of the same word | תכנית = תוכנית; מעוניין = מעונין | ביטוח ≠ בטוח; דירות ≠ דיירות |
| abbreviations that are spoken whole | ד"ר = דוקטור; ת"ז = תעודת זהות | מע"מ ≠ מס ערך מוסף |

What is surely the same word, and which abbreviations, calls/whatif/spellings.py lists.

A number counts by its figures, so that one wrong digit of a telephone number is one error; a run of zeros is one (a
million is a one and zeros, two words). What is read differently stays different: 2.5 and שניים וחצי, 15.3 and חמישה עשר
במרץ, שעתיים and 2 שעות.

It lives here because it needs what calls/reply reads of numbers and calls/core of marks, each of which it asks: the
room calls/whatif may import both, and the desk, its commands and the lab this. The rooms of stt know no calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from calls.core.search_text import search_text
from calls.reply.spoken_numbers import AND, PREFIXES, TIMES, TWICE, VALUES, parts_of, stem_of, words_of
from calls.whatif.spellings import one_spelling, whole

_LETTER = f"[{PREFIXES}]|ו[{PREFIXES}]|כש|שה"
"""What is written onto a word. Not every two of these letters: כל, מה, של are words."""
_ONTO_THE_NEXT = re.compile(rf"(?<![\w\"'״׳])(?:({_LETTER})[-־–](?=\w)|([ובלהמ]|וב|ול)\s+(?=[^\W\d_]{{2}}))")
"""With a hyphen behind it, or apart."""
_SIGN_BEFORE = re.compile(r"([₪$€])\s*(\d[\d.,]*)")
_PERCENT = re.compile("%")
_YEARS = "שנים"
"""Years, where spoken_numbers also reads an older spelling of שניים: two."""
_DIGITS = re.compile(r"[0-9]+")
_FIGURE = re.compile("0+|[1-9]")
_FINAL, _OTHERS = "ךםןףץ", "כמנפצ"
_NOT_FINAL = str.maketrans(_FINAL, _OTHERS)


def word_forms(text: str) -> list[str]:
    """The words of a text in the form in which they are compared."""
    text = _PERCENT.sub(" אחוז ", _SIGN_BEFORE.sub(r"\2 \1", text))
    words = words_of(_ONTO_THE_NEXT.sub(lambda found: found[1] or found[2], text))
    forms: list[str] = []
    others: list[str] = []
    for word, following in pairwise([*words, ""]):
        if _is_no_number(word, following):
            forms += [*_forms_of(others), *_one_form(word)]
            others = []
        else:
            others.append(word)
    return [*forms, *_forms_of(others)]


def _is_no_number(word: str, following: str) -> bool:
    """Years are no two, and "twice" belongs to the digit behind it alone."""
    if word.removeprefix(AND) in (*TWICE, TIMES):
        return not (_DIGITS.fullmatch(following) or stem_of(following, VALUES)[1])
    return bool(stem_of(word, (_YEARS,))[1])


def _forms_of(words: Sequence[str]) -> list[str]:
    forms: list[str] = []
    figures = front = ""
    for part in parts_of(" ".join(words)):
        if not part.figures or part.prefix:
            forms += _figures(front, figures)
            figures = front = ""
        if part.figures:
            front = front or part.prefix
            figures += part.figures * part.times
        else:
            forms += [form for word in whole(part.word).split() for form in _one_form(word)]
    return [*forms, *_figures(front, figures)]


def _figures(front: str, figures: str) -> list[str]:
    """A number's figures, a run of zeros as one; the letters before it belong to its first."""
    found = _FIGURE.findall(figures)
    return [front + found[0], *found[1:]] if found else []


def _one_form(word: str) -> list[str]:
    return [_with_final_letter(form) for form in search_text(one_spelling(search_text(word) or word)).split()]


def _with_final_letter(word: str) -> str:
    """The letters of one shape at a word's end, and of the other within it, wherever somebody wrote which."""
    word = word.translate(_NOT_FINAL)
    at = _OTHERS.find(word[-1])
    return word if at < 0 or len(word) == 1 else word[:-1] + _FINAL[at]
