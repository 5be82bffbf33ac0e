"""What an engine wrote against what was said: aligned word by word and letter by letter, errors counted. Pure.

The alignment is rapidfuzz's Levenshtein distance; the words are those of calls/whatif/word_forms.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from calls.whatif.word_forms import word_forms


@dataclass(frozen=True, slots=True)
class Confusion:
    """One error: a word for another; "" where there is none: a word that was left out, or added."""

    said: str
    heard: str


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of a text, or of several added up."""

    words: int = 0
    """That were said."""
    substituted: int = 0
    left_out: int = 0
    added: int = 0
    letters: int = 0
    """Of what was said, the spaces between words among them."""
    letter_errors: int = 0

    @property
    def errors(self) -> int:
        return self.substituted + self.left_out + self.added

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.words + other.words,
            self.substituted + other.substituted,
            self.left_out + other.left_out,
            self.added + other.added,
            self.letters + other.letters,
            self.letter_errors + other.letter_errors,
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A text against what was said."""

    errors: WordErrors
    confusions: tuple[Confusion, ...]
    """In the order of the speech."""


def compare(said: str, heard: str) -> Compared:
    """Count the errors of ``heard``, in the form in which words are compared."""
    truth, text = word_forms(said), word_forms(heard)
    confusions = tuple(_confusions(truth, text))
    spoken, written = " ".join(truth), " ".join(text)
    errors = WordErrors(
        words=len(truth),
        substituted=sum(bool(one.said and one.heard) for one in confusions),
        left_out=sum(not one.heard for one in confusions),
        added=sum(not one.said for one in confusions),
        letters=len(spoken),
        letter_errors=Levenshtein.distance(spoken, written),
    )
    return Compared(errors, confusions)


def _confusions(truth: Sequence[str], text: Sequence[str]) -> Iterator[Confusion]:
    for edit in Levenshtein.editops(truth, text):
        yield Confusion(
            "" if edit.tag == "insert" else truth[edit.src_pos],
            "" if edit.tag == "delete" else text[edit.dest_pos],
        )
