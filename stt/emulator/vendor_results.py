"""What vendors' results have in common: words with guessed times for hypotheses, and final words in pieces. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said

NO_TIME = -1
"""Of a word whose times are left out on purpose."""
PIECE_WORDS = 3
"""A longer final is said in two pieces: vendors settle a sentence from its beginning."""


def hypothesis(said: Said, from_ms: int, heard_ms: int) -> list[Spoken]:
    """The words of an interim, spread evenly from the last settled word to its end."""
    until_ms = max(said.end_ms or heard_ms, from_ms)
    step = (until_ms - from_ms) / max(1, len(said.words))
    return [
        Spoken(text, round(from_ms + at * step), round(from_ms + (at + 1) * step)) for at, text in enumerate(said.words)
    ]


def pieces(spoken: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    half = len(spoken) // 2 if len(spoken) > PIECE_WORDS else 0
    if half:
        yield spoken[:half]
    yield spoken[half:]


def seconds(word: Spoken) -> dict[str, float]:
    if word.start_ms == NO_TIME:
        return {}
    return {"start": word.start_ms / 1000, "end": word.end_ms / 1000}
