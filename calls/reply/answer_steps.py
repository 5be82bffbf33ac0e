"""AnswerSteps: what an answer is made of, in order: pieces that are played, acts that are done behind them. Pure."""

from __future__ import annotations

from collections.abc import Callable

from calls.reply.onset import Onset
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.unsaid import Step
from stt.audio import BYTES_PER_MS


class AnswerSteps(list[Step]):
    """One answer's, as they come; and how long their sound lasts."""

    def __init__(self, deliver: Callable[[SpokenPiece], None], now_ms: Callable[[], float]) -> None:
        """``deliver`` is told of each piece when its first sound is there."""
        super().__init__()
        self.first_text_ms: float | None = None
        self.first_sound_ms: float | None = None
        """Monotonic instants of the first piece's words, and of its sound; a recording has both at once."""
        self.silent_from_ms = now_ms()
        """When what was made ready so far is over, if it sounds as soon as it can."""
        self.onset = Onset()
        """Where the sound of the first begins."""
        self._deliver, self._now_ms = deliver, now_ms

    @property
    def pieces(self) -> list[SpokenPiece]:
        return [step for step in self if isinstance(step, SpokenPiece)]

    @property
    def text(self) -> str:
        """What is said, as far as it is known; behind it, where a voice has failed, what it left unsaid.

        So what was heard is its beginning, an apology among it, and the rest was not heard.
        """
        pieces = self.pieces
        words = [*(piece.said for piece in pieces), *(piece.unsaid for piece in pieces)]
        return " ".join(one for one in words if one)

    def begin(self, piece: SpokenPiece) -> SpokenPiece:
        """A piece whose words are there."""
        self.first_text_ms = self._now_ms() if self.first_text_ms is None else self.first_text_ms
        self.append(piece)
        return piece

    def play(self, piece: SpokenPiece) -> None:
        """A piece whose sound is all there."""
        self.begin(piece)
        self.lasts(piece.ulaw)
        self.sounds(piece)

    def lasts(self, ulaw: bytes | bytearray) -> None:
        """There is so much more sound."""
        self.silent_from_ms = max(self.silent_from_ms, self._now_ms()) + len(ulaw) / BYTES_PER_MS

    def sounds(self, piece: SpokenPiece) -> None:
        """Its first sound is there."""
        if self.first_sound_ms is None:
            self.first_sound_ms = self._now_ms()
        self._deliver(piece)

    def end(self) -> None:
        """Nothing more comes: what has no sound yet gets none."""
        for piece in self.pieces:
            piece.finish(is_whole=False)
