"""SecretWords: what the caller said at a question that is marked secret, taken out of the words of its call.

A dialogue knows that words were secret once it has read them, which is when their turn is stored already: that turn is
stored and shown again, and every later one is without them from its beginning. Pure.
"""

from __future__ import annotations

from typing import TypeVar

from calls.core.agent_turns import AgentTurn
from calls.core.redaction import without
from calls.core.turns import Turn

Kind = TypeVar("Kind", Turn, AgentTurn)

MOST_TURNS = 20
"""The newest, which may have to be stored again: a question is answered in the turns before it."""


class SecretWords:
    """One stream's."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._turns: dict[int, Turn] = {}
        self._answers: dict[int, AgentTurn] = {}

    def hidden(self, turn: Turn) -> Turn:
        """The turn without what is known to be secret."""
        _keep(self._turns, turn.number, turn)
        return self._masked(turn)

    def hidden_answer(self, turn: AgentTurn) -> AgentTurn:
        """...of the line, which may say it again."""
        _keep(self._answers, turn.number, turn)
        return self._masked(turn)

    def hidden_partial(self, text: str) -> str:
        """Words as they are spoken, without what is known to be secret, or begins to say it."""
        return without(text, self._values, growing=True) if self._values else text

    def found(self, value: str) -> tuple[list[Turn], list[AgentTurn]]:
        """A secret value is known from now on: the turns and answers that have said it, with it."""
        if value not in self._values:
            self._values.append(value)
        turns = [turn for turn in self._turns.values() if self._masked(turn) != turn]
        return turns, [turn for turn in self._answers.values() if self._masked(turn) != turn]

    def _masked(self, turn: Kind) -> Kind:
        return turn.masked(lambda text: without(text, self._values)) if self._values else turn


def _keep(kept: dict[int, Kind], number: int, turn: Kind) -> None:
    if number not in kept and len(kept) == MOST_TURNS:
        del kept[next(iter(kept))]
    kept[number] = turn
