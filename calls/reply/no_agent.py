"""NoAgent: in an agent's place until the stream has started. Pure."""

from __future__ import annotations

from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.reply_usage import ReplyUsage
from calls.reply.spoken_piece import SpokenPiece


class NoAgent:
    """Says nothing."""

    speaks = False
    usage = ReplyUsage()

    def caller_is(self, activity: CallerActivity, now_ms: float) -> None: ...

    def words(self, utterance: int, text: str, now_ms: float) -> None: ...

    def accepted(self, turn: Turn, now_ms: float) -> None: ...

    def revised(self, turn: Turn, old: str, now_ms: float) -> None: ...

    def piece_ready(self, piece: SpokenPiece) -> None: ...

    def mark(self, name: str, now_ms: float) -> None: ...

    def tick(self, now_ms: float) -> None: ...

    def next_deadline_ms(self, now_ms: float) -> float | None:
        return None

    def finish(self, now_ms: float) -> None: ...

    def stop(self, now_ms: float) -> None: ...
