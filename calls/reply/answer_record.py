"""AnswerRecord: what is kept of one answer while it is given, and the agent's turn that it makes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, PlayedPart


@dataclass(slots=True)
class AnswerRecord:
    """One answer, from the floor taken for it."""

    number: int
    """Of its turn."""
    rule: str
    floor_ms: int | None
    """Last voiced frame, or our last sound where that ended later, to the floor taken; None where nobody had spoken."""
    taken_ms: float
    """Monotonic instant at which the line had the floor."""
    answers: int | None = None
    """The caller's last turn that it answers."""
    withdrawals: int = 0
    first_sent_ms: float | None = None
    """Monotonic instant of its first frame; a filler is none."""
    started_ms: int = 0
    """The same in media time."""
    _revision: int = field(default=-1, repr=False)

    def sounded(self, now_ms: float, media_ms: int) -> None:
        """Its first frame is sent."""
        self.first_sent_ms, self.started_ms = now_ms, media_ms

    @property
    def total_ms(self) -> int | None:
        """Last voiced frame, or our own last sound, to the first frame sent."""
        if self.first_sent_ms is None or self.floor_ms is None:
            return None
        return self.floor_ms + round(self.first_sent_ms - self.taken_ms)

    def turn(
        self,
        text: str,
        heard: PlayedPart,
        made_by: MadeBy,
        first_text_ms: float | None,
        first_sound_ms: float | None,
        code: str,
    ) -> AgentTurn:
        """Its turn as it stands now: the next revision. ``first_text_ms``, ``first_sound_ms``: the instants at which
        the first piece's words and the first sound were there."""
        self._revision += 1
        sent_ms = self.first_sent_ms
        times = AnswerTimes(
            floor_rule=self.rule,
            floor_ms=self.floor_ms,
            prepared_ms=self._before_floor(first_sound_ms),
            first_audio_ms=None if sent_ms is None else round(sent_ms - self.taken_ms),
            total_ms=self.total_ms,
            text_ms=self._before_floor(first_text_ms),
        )
        return AgentTurn(
            number=self.number,
            started_ms=self.started_ms,
            ended_ms=self.started_ms + heard.ms,
            text=text,
            heard=heard,
            times=times,
            made_by=made_by,
            withdrawals=self.withdrawals,
            answers=self.answers,
            code=code,
            revision=self._revision,
        )

    def _before_floor(self, at_ms: float | None) -> int | None:
        """How long before the floor this instant was; negative: after it."""
        return None if at_ms is None else round(self.taken_ms - at_ms)
