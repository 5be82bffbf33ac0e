"""Reads sums of money in shekels and agorot, in figures, words or both. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from calls.reply.reading import NOTHING, AnswerReading, Wholeness
from calls.reply.spoken_numbers import AND, SpokenPart, is_dangling, parts_of, stem_of

SHEKELS = frozenset(("שקל", "שקלים", "שח", 'ש"ח', "₪", "nis", "ils"))
SIGNS = frozenset(("₪", "nis", "ils"))
"""Stand before their number as well."""
AGOROT = frozenset(("אגורות", "אגורה", "אג"))
FRACTIONS = {"חצי": 50, "רבע": 25}
FOREIGN = frozenset("דולר דולרים אירו יורו פאונד $ €".split())
_WRITTEN = re.compile(r"(\d{1,3}(?:,\d{3}){1,3}|\d{1,9})\.(\d{1,2})")


@dataclass(slots=True)
class _Sum:
    shekels: int | None = None
    agorot: int | None = None
    numbers: list[int] = field(default_factory=list)
    """Said, and not yet known of what."""
    has_unit: bool = False
    one_by_word: bool = False
    """ "שקל" stood without a number."""
    fits: bool = True
    """Everything had its place so far."""

    def add(self, part: SpokenPart) -> None:
        written = _WRITTEN.fullmatch(part.word)
        unit = stem_of(part.word, SHEKELS | AGOROT | FRACTIONS.keys() | FOREIGN)[1]
        if part.value is not None:
            self.numbers.append(part.value)
        elif written:
            self.fits &= self.shekels is None
            self.shekels, self.agorot = int(written[1].replace(",", "")), int(written[2].ljust(2, "0"))
            self.has_unit = True
        elif unit in SHEKELS:
            self._shekels(unit)
        elif unit in AGOROT:
            self.has_unit = True
            self.fits &= self.agorot is None and bool(self.numbers)
            self.agorot = self.numbers.pop() if self.numbers else None
        elif unit in FRACTIONS and part.word.startswith(AND):
            self.fits &= self.agorot is None
            self.agorot = FRACTIONS[unit]
        elif unit in FOREIGN:
            self.fits = False

    def _shekels(self, unit: str) -> None:
        self.has_unit = True
        if self.numbers:
            self.fits &= self.shekels is None
            self._two_numbers()
        elif self.shekels is None and unit not in SIGNS:
            self.shekels, self.one_by_word = 1, True

    def _two_numbers(self) -> None:
        """ "49 90" is 49.90."""
        self.shekels = self.numbers.pop(0)
        if self.numbers and self.agorot is None:
            self.agorot = self.numbers.pop(0)
        self.fits &= not self.numbers

    def close(self) -> Decimal | None:
        """The sum; None where the words make none."""
        if self.one_by_word and self.numbers == [1]:
            self.numbers.clear()
        if self.numbers and self.shekels is None:
            self._two_numbers()
        elif self.numbers and self.agorot is None:
            self.agorot = self.numbers.pop(0)
        agorot = self.agorot or 0
        nothing = self.shekels is None and self.agorot is None
        if nothing or self.numbers or not self.fits or agorot > 99:
            return None
        return Decimal(self.shekels or 0) + Decimal(agorot) / 100


def read_amount(text: str) -> AnswerReading:
    """A sum in shekels. The value: shekels with two decimals, such as ``49.90``."""
    parts = parts_of(text, loose=True)
    amount = _Sum()
    for part in parts:
        amount.add(part)
    value = amount.close()
    if value is None or is_dangling(parts):
        return NOTHING
    return AnswerReading(Wholeness.WHOLE if amount.has_unit else Wholeness.ENOUGH, f"{value:.2f}")
