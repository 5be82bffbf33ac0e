"""GivenAnswer: the answer that has the floor, and how far it is on its way to the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.reply.answer_record import AnswerRecord
from calls.reply.hands import AgentHands
from calls.reply.items import Act, ActOutcome
from calls.reply.playback import Playback
from calls.reply.preparation import Preparation
from calls.reply.responder import Occasion
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.unsaid import Rest, rest_of
from stt.audio import BYTES_PER_MS


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
    cut_short: str = ""
    """The code of why its rest is not said; empty while it is."""

    @property
    def by_supervisor(self) -> bool:
        """A person's words: nobody has asked for them, and that they fail is no failure of what answers."""
        return self.preparation.call.occasion is Occasion.SUPERVISOR

    def tell_ended(self, hands: AgentHands) -> None:
        """Told of every answer that has failed or sounded, but for a supervisor's words."""
        failure = self.preparation.code if self.preparation.failed else ""
        if not self.by_supervisor and (failure or self.has_sounded):
            hands.answer_ended(failure)

    @property
    def has_sounded(self) -> bool:
        """A frame of it was sent; a filler's is none."""
        return self.record.first_sent_ms is not None

    def heard_ms(self, playback: Playback, now_ms: float) -> int:
        """Sound of it that was played, by the clock; a filler before it is none."""
        filler_ms = 0 if self.filler is None else self.filler.sent_bytes // BYTES_PER_MS
        return max(0, playback.heard_ms(now_ms) - filler_ms)

    @property
    def is_fed(self) -> bool:
        is_fed = self.preparation.done and self.fed == len(self.preparation.steps) and not self.is_cut
        return is_fed or bool(self.cut_short)

    @property
    def rest_is_interruptible(self) -> bool:
        """As far as it is known: what was not sent may be left unsaid."""
        steps = self.preparation.steps
        return all(step.interruptible for step in steps if isinstance(step, SpokenPiece) and not step.sent_bytes)

    def rest(self, playback: Playback, waiting: Iterable[Act | ActOutcome]) -> Rest:
        """What is left of it where it was just cut off. ``waiting``: its acts that were fed and are not done."""
        prepared = self.preparation
        unfed = [step for step in prepared.steps[self.fed :] if not isinstance(step, SpokenPiece)]
        is_whole = prepared.is_read or bool(prepared.code)
        return rest_of(prepared.steps, playback, [*waiting, *unfed], prepared.expect, is_whole=is_whole)
