"""GivenAnswer: the answer that has the floor, and how far it is on its way to the caller."""

from __future__ import annotations

from dataclasses import dataclass

from calls.reply.answer_record import AnswerRecord
from calls.reply.preparation import Preparation
from calls.reply.spoken_piece import SpokenPiece


@dataclass(slots=True)
class GivenAnswer:
    """What has the floor."""

    preparation: Preparation
    record: AnswerRecord
    fed: int = 0
    """Steps of the preparation that were given to the playback or to the acts."""
    filler: SpokenPiece | None = None
    before: str | None = None
    """Of the rest of an answer that was cut off: the words before it."""
    is_cut: bool = False
    """Pieces of it that were fed are not played any more."""

    @property
    def has_sounded(self) -> bool:
        """A frame of it was sent; a filler's is none."""
        return self.record.first_sent_ms is not None

    @property
    def is_fed(self) -> bool:
        return self.preparation.done and self.fed == len(self.preparation.steps) and not self.is_cut
