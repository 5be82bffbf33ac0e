"""What vendors' words have in common: seconds as ms, the language's newer code, and punctuation that nobody asked for.
Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Annotated

from msgspec import Meta

from stt.engines.base import RecognitionOptions
from stt.events import Word

Seconds = Annotated[float, Meta(ge=0, le=1_000_000)]
Milliseconds = Annotated[float, Meta(ge=0, le=1_000_000_000)]
"""A vendor's time. Any other number is a malformed answer."""


def ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def language(options: RecognitionOptions) -> str:
    """ISO 639-1: ``he`` for ``iw-IL`` and for ``he-IL``."""
    code = options.language.partition("-")[0].lower()
    return "he" if code == "iw" else code


def as_asked(words: Iterable[Word], options: RecognitionOptions) -> Iterator[Word]:
    """The words of an engine that always writes punctuation; without it where the options do not ask for it."""
    for word in words:
        text = word.text if options.punctuation else word.text.rstrip(".,?!;:…")
        if text:
            yield replace(word, text=text)


def fitting(hints: Iterable[str], limit: int, cost: Callable[[str], int]) -> list[str]:
    """The first of the hints that cost no more than ``limit`` together."""
    fits: list[str] = []
    for hint in hints:
        limit -= cost(hint)
        if limit < 0:
            break
        fits.append(hint)
    return fits
