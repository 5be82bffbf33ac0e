"""When the words of a result were spoken, as far as the engine's own list of words says it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate, groupby, pairwise

from stt.events import Word

LETTER_MS = 80
"""How long a letter of an ordinary Hebrew word is spoken: 5 words of 5 letters in 2 s."""
MAX_STRETCH = 2
"""A guessed word is spoken no slower than this many times LETTER_MS a letter; a longer gap holds a pause."""


def key(text: str) -> str:
    """What of a word two writings of it share."""
    return text.strip(".,?!:;\"'״׳")


def timed_words(transcript: Sequence[str], listed: Sequence[Word]) -> list[Word]:
    """The words of a transcript with the times of its word list.

    The list is evidence of times, the transcript of what was said: a list can be shorter, hold one entry for several
    words, or write a word otherwise. Words that it does not cover have no times; a word that only it has stands too.
    """
    timed = [piece for word in listed for piece in _pieces(word)]
    if not timed or not transcript:
        return timed or [Word(text) for text in transcript]
    words: list[Word] = []
    matcher = SequenceMatcher(None, [key(text) for text in transcript], [key(w.text) for w in timed], autojunk=False)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        texts, times = transcript[i1:i2], timed[j1:j2]
        if not texts:
            words += times
        elif len(texts) > len(times):
            words += [Word(text) for text in texts]
        else:
            # As many, or fewer: "05" for two digits that were spoken.
            firsts = [i * len(times) // len(texts) for i in range(len(texts) + 1)]
            words += [
                Word(text, times[first].start_ms, times[behind - 1].end_ms)
                for text, (first, behind) in zip(texts, pairwise(firsts), strict=True)
            ]
    return words


def with_times_guessed(words: Sequence[Word], end_ms: int | None) -> list[Word]:
    """Every word with a time: where none is known, by its letters between its neighbours'. ``end_ms``: of the last
    word, where it is known. Good for which side of a border a word is on, and no evidence of where it was spoken."""
    filled: list[Word] = []
    for untimed, run in groupby(words, lambda word: word.start_ms is None or word.end_ms is None):
        gap = list(run)
        if untimed:
            behind = words[len(filled) + len(gap)].start_ms if len(filled) + len(gap) < len(words) else end_ms
            before_ms = filled[-1].end_ms if filled else None
            gap = _spread([word.text for word in gap], before_ms, behind)
        filled += gap
    return filled


def _spread(texts: Sequence[str], from_ms: int | None, to_ms: int | None) -> list[Word]:
    """These words by their letters between two times, one of which may be unknown; no slower than people speak."""
    ends = list(accumulate(map(len, texts)))
    length_ms = ends[-1] * LETTER_MS
    if to_ms is None:
        to_ms = (from_ms or 0) + length_ms
    from_ms = max(from_ms or 0, to_ms - MAX_STRETCH * length_ms)
    length_ms = max(0, to_ms - from_ms)
    borders_ms = [from_ms, *(from_ms + length_ms * end // ends[-1] for end in ends)]
    return [Word(text, *times) for text, times in zip(texts, pairwise(borders_ms), strict=True)]


def _pieces(word: Word) -> list[Word]:
    """An entry's words: a phrase hint can come back as one entry. They share its time by their letters."""
    texts = word.text.split()
    if len(texts) < 2 or word.start_ms is None or word.end_ms is None:
        return [replace(word, text=text) for text in texts]
    return _spread(texts, word.start_ms, word.end_ms)
