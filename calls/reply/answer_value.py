"""The value of an answer that has the floor: what a dialogue takes of a caller's words. Pure."""

from __future__ import annotations

from datetime import date

from calls.reply.expect import read
from calls.reply.items import Expect, ExpectationKind
from calls.reply.reading import Wholeness


def answer_value(expect: Expect, words: str, today: date) -> str | None:
    """As calls/reply/expect.py writes it for each kind, and the words themselves where anything is an answer.

    None: this is no answer. Nothing more is waited for, so what is enough is taken like what is whole.
    """
    if expect.kind is ExpectationKind.OPEN:
        return words.strip() or None
    reading = read(expect, words, today)
    return reading.value if reading.wholeness in (Wholeness.WHOLE, Wholeness.ENOUGH) and reading.value else None
