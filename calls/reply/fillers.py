"""Fillers: what the line says while an answer is late ("one moment"): ready from the start, and not too often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from calls.reply.given_answer import GivenAnswer
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.voice import VoiceError

if TYPE_CHECKING:
    from calls.reply.line_voice import LineVoice
    from calls.reply.voices.recorded import Prompt

ANSWERS_A_FILLER = 3
"""At most one filler in so many answers."""


class Fillers:
    """One agent's. On the call's loop."""

    def __init__(self, after_ms: int) -> None:
        """``after_ms``: into the wait for an answer; 0: none are said."""
        self._after_ms = after_ms
        self._ready: Sequence[Prompt] = ()
        self._answers_since = ANSWERS_A_FILLER
        self._under_way = False
        """One was said, and no answer has sounded since."""

    async def load(self, voice: LineVoice, note: Callable[[str], object]) -> None:
        """Make them ready. ``note`` takes the code of why that cannot be."""
        try:
            self._ready = await voice.fillers()
        except VoiceError as error:
            note(error.code)

    def answered(self) -> None:
        """An answer sounds."""
        self._under_way = False
        self._answers_since += 1

    def stop(self) -> bool:
        """The caller speaks. True: one may be playing, and is not to be said to its end."""
        was_under_way, self._under_way = self._under_way, False
        return was_under_way

    def due_ms(self, answer: GivenAnswer | None) -> float | None:
        """When the wait for this answer is bridged; None: it is not."""
        if answer is None or not self._after_ms or not self._ready or self._answers_since < ANSWERS_A_FILLER:
            return None
        waits = answer.record.answers is not None and answer.preparation.first_sound_ms is None
        return answer.record.taken_ms + self._after_ms if waits and answer.filler is None else None

    def take(self, number: int) -> SpokenPiece:
        """The next one. ``number``: of the answer that is late."""
        filler = self._ready[number % len(self._ready)]
        # Without its text: it is no word of the answer.
        piece = SpokenPiece.of("", filler.ulaw)
        piece.words = filler.text
        self._answers_since, self._under_way = 0, True
        return piece
