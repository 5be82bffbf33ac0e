"""What one call may cost in answers: beyond it the line apologises. Pure."""

from __future__ import annotations

from calls.reply.settings import AnswerLimits

LIMITS = ("too_many_turns", "cost_ceiling")
"""The codes: a call that reaches one is no trouble of its line."""


def over_limit(limits: AnswerLimits, *, answers: int, answered_ms: float, cost: float) -> str:
    """The stable code of the limit that is reached; empty where there is none.

    ``answers`` were given so far, the call has been answered for ``answered_ms``, and ``cost`` is what its words and
    sounds are charged.
    """
    if answers >= limits.agent_turns or answered_ms >= limits.answered_s * 1000:
        return "too_many_turns"
    return "cost_ceiling" if limits.cost is not None and cost >= limits.cost else ""
