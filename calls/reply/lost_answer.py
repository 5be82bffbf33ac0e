"""LostAnswer: an answer that ended with its stream, for the call's next stream to go on with. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from calls.core.agent_turns import AgentTurn
from calls.reply.responder import Occasion
from calls.reply.unsaid import Rest


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """What is left of it, and its row."""

    occasion: Occasion
    rest: Rest
    turn: AgentTurn
    """As last kept."""
    stream_sid: str
    """Of the stream that was lost, whose block the turn's number counts in."""
