"""NoAgent: in an agent's place until the stream has started and it is known how its line answers. Pure."""

from __future__ import annotations

from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.orders import NOT_ANSWERING, SupervisorOrder
from calls.reply.reply_usage import ReplyUsage
from calls.reply.spoken_piece import SpokenPiece

MOST_TURNS = 8


class NoAgent:
    """Says nothing."""

    speaks = False
    quiet_by = ""
    usage = ReplyUsage()

    def __init__(self) -> None:
        self.turns: dict[int, Turn] = {}
        """What the caller has said last, by number: nobody has answered it."""

    def caller_is(self, activity: CallerActivity, now_ms: float) -> None: ...

    def words(self, utterance: int, text: str, now_ms: float) -> None: ...

    def accepted(self, turn: Turn, now_ms: float) -> None:
        self.turns[turn.number] = turn
        if len(self.turns) > MOST_TURNS:
            del self.turns[next(iter(self.turns))]

    def revised(self, turn: Turn, old: str, now_ms: float) -> None:
        if turn.number in self.turns:
            self.turns[turn.number] = turn

    def piece_ready(self, piece: SpokenPiece) -> None: ...

    def mark(self, name: str, now_ms: float) -> None: ...

    def tick(self, now_ms: float) -> None: ...

    def next_deadline_ms(self, now_ms: float) -> float | None:
        return None

    def supervise(self, order: SupervisorOrder, now_ms: float) -> str:
        return NOT_ANSWERING

    def finish(self, now_ms: float) -> None: ...

    def stop(self, now_ms: float) -> None: ...
