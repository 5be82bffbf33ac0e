"""Reads what a caller said against what was asked: is it a whole answer, and which? Pure.

The text is Hebrew as recognisers write it: number words or figures, with or without punctuation. A text is *whole* when
nothing more can belong to it; then the line need not wait to hear whether the caller goes on. Whoever is unsure says
``ENOUGH`` or ``UNFINISHED``: the price is a second of silence, and that of the other mistake is a caller cut off in mid
number.

| kind | whole | value |
|---|---|---|
| ``yes_no`` | a yes or a no, not both, and few words besides | ``yes`` or ``no`` |
| ``choice`` | one of the values, and no longer one begins with it | the value |
| ``digits`` | length and check (calls/reply/spoken_digits.py) | digits |
| ``amount`` | with its currency, or agorot written | shekels as ``49.90`` |
| ``date`` | with its year, or as a day of the week, or today, tomorrow | ``2026-03-15`` |
| ``time`` | with minutes or the part of the day | ``14:30`` |
| ``open`` | never | |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from calls.reply.items import Expect, ExpectationKind
from calls.reply.reading import NOTHING, AnswerReading, Wholeness
from calls.reply.spoken_amounts import read_amount
from calls.reply.spoken_dates import read_date, read_time
from calls.reply.spoken_digits import read_digits
from calls.reply.spoken_numbers import stem_of, words_of

__all__ = ["AnswerReading", "Wholeness", "read", "words_of"]

YES = (
    "כן|בטח|נכון|בסדר|אוקיי|אוקי|או קיי|ok|okay|סבבה|חיובי|בהחלט|ברור|כמובן|מאשר|מאשרת|מסכים|מסכימה|אין בעיה|למה לא|"
    "מתאים|טוב|מעולה|מצוין|יאללה|מדויק|בדיוק|לגמרי|אהה|yes|בטח שכן|ודאי|בוודאי|הכל נכון|לא רע"
)
NO = (
    "לא|ממש לא|בכלל לא|בשום אופן|שלילי|אין מצב|חס וחלילה|לא תודה|לא נכון|לא בסדר|לא מתאים|לא טוב|לא מאשר|לא מאשרת|"
    "לא מסכים|לא מסכימה|בטח שלא|ברור שלא|כמובן שלא|טעות|no|לא מדויק|לא בדיוק|בוודאי שלא|לא לא"
)
NEITHER = (
    "לא יודע|לא יודעת|לא בטוח|לא בטוחה|לא זוכר|לא זוכרת|לא הבנתי|לא שמעתי|לא מבין|לא מבינה|לא ברור|אולי|תלוי|רגע|"
    "עוד לא|לא משנה|מה"
)
"""They hold a yes or a no and are none."""
DANGLING = frozenset("אבל או רק כי אם אז ו של את עם על אל בגלל אה אהמ אמ אממ אמם".split())
"""Last words after which more follows."""
MOST_OTHER_WORDS = 3
"""Besides a yes or a no in a whole answer: "כן, זה בסדר גמור"."""


def read(expect: Expect, text: str, today: date | None = None) -> AnswerReading:
    """The text against what was expected. Never raises.

    ``today`` makes dates of "tomorrow", a day of the week and a day without a year; without it they stay as said. It
    changes no wholeness.
    """
    reading = read_date(text, today) if expect.kind is ExpectationKind.DATE else READERS[expect.kind](expect, text)
    words = words_of(text)
    if words and words[-1] in DANGLING and reading.wholeness in (Wholeness.WHOLE, Wholeness.ENOUGH):
        return AnswerReading(Wholeness.UNFINISHED, reading.value)
    return reading


def _read_yes_no(expect: Expect, text: str) -> AnswerReading:
    found, others = _phrases_in(words_of(text), YES_NO_PHRASES)
    values = set(found)
    if "" in values or len(values) != 1:
        return NOTHING
    return AnswerReading(Wholeness.WHOLE if others <= MOST_OTHER_WORDS else Wholeness.ENOUGH, values.pop())


def _read_choice(expect: Expect, text: str) -> AnswerReading:
    phrases = [
        (tuple(words_of(phrase)), value)
        for value, synonyms in expect.choices
        for phrase in (value, *synonyms)
        if phrase
    ]
    words = words_of(text)
    found, _ = _phrases_in(words, sorted((one for one in phrases if one[0]), key=lambda one: -len(one[0])))
    corrected = [at for at, word in enumerate(words) if word in ("לא", "בעצם", "סליחה")]
    if corrected:
        # "sales, no, service", and "not sales"
        found, _ = _phrases_in(words[corrected[-1] + 1 :], phrases)
        reading = _one_of(found)
        return AnswerReading(Wholeness.ENOUGH, reading.value) if reading.value and words[0] != "לא" else NOTHING
    reading = _one_of(found)
    longer = any(_goes_on(words, phrase) for phrase, value in phrases if value != reading.value)
    return AnswerReading(Wholeness.ENOUGH, reading.value) if reading.value and longer else reading


def _one_of(found: Sequence[str]) -> AnswerReading:
    values = set(found)
    return AnswerReading(Wholeness.WHOLE, values.pop()) if len(values) == 1 else NOTHING


def _goes_on(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    """The last words are the beginning of this phrase."""
    return any(_same(words[-length:], phrase[:length]) for length in range(1, min(len(words) + 1, len(phrase))))


def _same(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Word for word; the first may have letters written onto its front."""
    if len(words) != len(phrase) or tuple(words[1:]) != tuple(phrase[1:]):
        return False
    return words[0] == phrase[0] or (len(phrase[0]) > 2 and stem_of(words[0], (phrase[0],))[1] == phrase[0])


def _phrases_in(words: Sequence[str], phrases: Sequence[tuple[tuple[str, ...], str]]) -> tuple[list[str], int]:
    """What the phrases in these words stand for, in order, and how many words belong to none. Longer phrases first."""
    found, others, at = [], 0, 0
    while at < len(words):
        for phrase, value in phrases:
            if _same(words[at : at + len(phrase)], phrase):
                found.append(value)
                at += len(phrase)
                break
        else:
            others += 1
            at += 1
    return found, others


YES_NO_PHRASES = sorted(
    (
        (tuple(phrase.split()), value)
        for value, phrases in (("yes", YES), ("no", NO), ("", NEITHER))
        for phrase in phrases.split("|")
    ),
    key=lambda one: -len(one[0]),
)
READERS: dict[ExpectationKind, Callable[[Expect, str], AnswerReading]] = {
    ExpectationKind.YES_NO: _read_yes_no,
    ExpectationKind.CHOICE: _read_choice,
    ExpectationKind.DIGITS: read_digits,
    ExpectationKind.AMOUNT: lambda expect, text: read_amount(text),
    ExpectationKind.TIME: lambda expect, text: read_time(text),
    ExpectationKind.OPEN: lambda expect, text: NOTHING,
}
