"""PlayedAnswer: an answer's pieces on their way to the caller, how far sent, and how far heard. Pure.

What is sent when, and which marks say that it was heard, calls/reply/playback.py decides.
"""

from __future__ import annotations

from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS


class PlayedAnswer:
    """One answer's."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pieces: list[SpokenPiece] = []
        self.closed = False
        """No further piece comes."""
        self.piece = 0
        """Index of the piece whose sound is sent next."""
        self.marks_of_piece = 0
        self.sent_ms = 0
        """Of all pieces."""
        self.reached = (-1, 0)
        """Piece and ms of the last mark that was reached."""

    @property
    def is_sent(self) -> bool:
        return self.closed and self.piece >= len(self.pieces)

    def piece_is_heard(self, piece: SpokenPiece) -> bool:
        """Of one that came to no sound: whether those before it were."""
        if piece not in self.pieces or not piece.complete:
            return False
        sounding = [(at, one.ms) for at, one in enumerate(self.pieces[: self.pieces.index(piece) + 1]) if one.ms]
        return not sounding or self.reached >= sounding[-1]

    def heard_of(self, piece: SpokenPiece) -> int:
        index, at_ms = self.reached
        if piece not in self.pieces[: index + 1]:
            return 0
        return at_ms if self.pieces.index(piece) == index else piece.ms

    def piece_at(self, heard_ms: int) -> SpokenPiece:
        """The piece that sounds when so much of the answer was played."""
        for piece in self.pieces:
            heard_ms -= piece.sent_bytes // BYTES_PER_MS
            if heard_ms < 0:
                return piece
        return self.pieces[-1] if self.pieces else SpokenPiece("")

    @property
    def heard_text(self) -> str:
        index, at_ms = self.reached
        parts = [piece.said for piece in self.pieces[: max(0, index)] if piece.ms]
        if index >= 0:
            parts.append(self.pieces[index].words_until(at_ms))
        return " ".join(part for part in parts if part)
