"""Unsaid: what is left of an answer that was cut off, to go on with it where the caller stopped hearing it. Pure.

A piece whose sound is all there goes on with that sound, from the clause in which it was cut; the clause's place in it
is guessed by its share of the letters and moved to the quietest moment near by, so that no word is begun in its middle.
The others are said anew. Acts that were not done are done behind the words that they follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calls.reply.conversation import unheard_clause
from calls.reply.items import Act, ActOutcome, Expect, Say
from calls.reply.playback import Playback
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS, FRAME_BYTES, dbfs, ulaw_to_pcm

QUIET_WITHIN_MS = 240
"""How far from the guessed place the quietest moment is looked for."""

Step = SpokenPiece | Act | ActOutcome
Unsaid = SpokenPiece | Say | Act | ActOutcome


@dataclass(frozen=True, slots=True)
class Rest:
    """Of one answer."""

    items: tuple[Unsaid, ...]
    """What is to be said and done, in order."""
    before: str
    """The words before it."""
    piece: int
    """Which of the answer's pieces was cut off, from 0."""
    expect: Expect | None = None
    is_whole: bool = True
    """Nothing of the answer is missing behind the items: its responder was done."""

    @property
    def begins_with(self) -> tuple[Unsaid | Expect, ...]:
        """As a preparation takes it: what is expected stands behind what is said."""
        return (*self.items, *([self.expect] if self.expect is not None else []))

    @property
    def has_words(self) -> bool:
        return any(isinstance(item, SpokenPiece | Say) for item in self.items)


def rest_of(
    steps: Sequence[Step],
    playback: Playback,
    undone: Iterable[Act | ActOutcome],
    expect: Expect | None,
    *,
    is_whole: bool,
) -> Rest:
    """``steps``: of the answer, as far as it was prepared. ``undone``: those of its acts that were not done yet."""
    waiting = {id(act) for act in undone}
    items: list[Unsaid] = []
    before: list[str] = []
    heard = 0
    for step in steps:
        if not isinstance(step, SpokenPiece):
            items += [step] if id(step) in waiting else []
        elif playback.piece_is_heard(step):
            before.append(step.text)
            heard += 1
        else:
            rest = _rest_of_piece(step, playback.heard_of(step))
            before.append(step.text.removesuffix(rest.text).strip())
            items += [rest] if isinstance(rest, SpokenPiece) or rest.text else []
    return Rest(tuple(items), " ".join(text for text in before if text), heard, expect, is_whole)


def _rest_of_piece(piece: SpokenPiece, heard_ms: int) -> SpokenPiece | Say:
    text = unheard_clause(piece.text, piece.words_until(heard_ms))
    if not (piece.complete and piece.is_whole and piece.ms):
        return Say(text, piece.interruptible, cacheable=False)
    at_ms = _place_of(piece, text) if piece.text else heard_ms
    return SpokenPiece.of(text, sound_from(bytes(piece.ulaw), at_ms), interruptible=piece.interruptible)


def _place_of(piece: SpokenPiece, rest: str) -> int:
    """Where the rest of its text begins in the sound of a piece, in ms."""
    letters, of_rest = (sum(map(len, text.split())) for text in (piece.text, rest))
    return 0 if of_rest >= letters else round(piece.ms * (letters - of_rest) / letters)


def sound_from(ulaw: bytes, at_ms: int) -> bytes:
    """The sound from the quietest frame near this moment on; all of it from 0."""
    if at_ms <= 0:
        return ulaw
    first, last = max(0, at_ms - QUIET_WITHIN_MS), at_ms + QUIET_WITHIN_MS
    frames = range(first * BYTES_PER_MS, min(last * BYTES_PER_MS, len(ulaw) - FRAME_BYTES), FRAME_BYTES)
    quietest = min(frames, key=lambda at: dbfs(ulaw_to_pcm(ulaw[at : at + FRAME_BYTES])), default=at_ms * BYTES_PER_MS)
    return ulaw[quietest:]
