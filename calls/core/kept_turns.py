"""KeptTurns: what the rows of a call say of it, for a process that takes it over. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from calls.core.agent_turns import AgentTurn
from calls.core.turns import Turn


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer of the line."""

    turn: AgentTurn
    stream_sid: str
    """Of its stream; empty where an older version kept none."""


@dataclass(frozen=True, slots=True)
class KeptTurns:
    """Of one call. Numbers are the rows': each stream's block behind the one before."""

    turns: tuple[Turn, ...] = ()
    """The caller's, by their numbers."""
    answers: tuple[KeptAnswer, ...] = ()
    """The line's, by their numbers."""
    is_complete: bool = False
    """Its earlier streams have ended: no more of them is written."""
    secrets: tuple[str, ...] = ()
    """Secret values that were said."""
