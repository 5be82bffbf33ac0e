"""Counts a stream's answers for /metrics: each once, however often it is amended."""

from __future__ import annotations

from calls.core.agent_turns import AgentTurn, Outcome
from voiceapp.runtime import metrics


class AnswerCount:
    """One stream's."""

    def __init__(self) -> None:
        self._outcomes: dict[int, Outcome] = {}
        """Of each answer by its number, as it was last said."""
        self.failed = 0
        """Also those of which nothing sounded."""

    def note(self, turn: AgentTurn) -> bool:
        """An answer as it stands; True when it is the first time."""
        is_new = turn.number not in self._outcomes
        self._outcomes[turn.number] = turn.heard.outcome
        if is_new:
            metrics.ANSWERS_WITHDRAWN.inc(turn.withdrawals)
            times = turn.times
            stages = times.stages if times.text_ms is not None else {}
            waits = {
                "floor": times.floor_ms,
                "responder": stages.get("responder"),
                "voice": stages.get("voice"),
                "first": times.first_audio_ms,
                "total": times.total_ms,
            }
            for stage, ms in waits.items():
                if ms is not None:
                    metrics.ANSWER_STAGES.labels(stage).observe(ms / 1000)
        return is_new

    def ended(self, code: str) -> None:
        """An answer is over; ``code``: how it failed, empty where it did not."""
        if code:
            self.failed += 1
            metrics.ANSWERS_FAILED.labels(code).inc()

    def count(self) -> None:
        """No answer changes any more: what became of each."""
        for outcome in self._outcomes.values():
            metrics.ANSWERS.labels(outcome).inc()
        self._outcomes.clear()
