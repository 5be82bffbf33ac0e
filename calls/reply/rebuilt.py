"""A conversation, rebuilt from the rows of its call by a process that did not hold it. Pure.

Rows hold what was said, not what was meant: which questions each answer answers is read from the numbers of turns, why
the line spoke from the rule. What rows do not hold is not made up: what the last answer expected, what came of acts,
and what was to be done behind an answer that was cut off. A dialogue finds its place again all the same, because it
folds what was said (calls/reply/dialogue.py), and does then what it had not come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calls.core.agent_turns import FALSE_START, GOES_ON, AgentTurn, Outcome
from calls.core.kept_turns import KeptAnswer, KeptTurns
from calls.core.turns import Turn
from calls.reply.conversation import Conversation, unheard_clause
from calls.reply.items import Say
from calls.reply.lost_answer import LostAnswer
from calls.reply.no_agent import MOST_TURNS
from calls.reply.responder import Exchange, Occasion
from calls.reply.unsaid import Rest

OCCASION_OF = {
    one.value: one for one in (Occasion.OPENING, Occasion.SILENCE, Occasion.TRANSFER_FAILED, Occasion.SUPERVISOR)
}
"""By ``floor_rule``; a goodbye's is a silence's, and the line hung up behind it."""


@dataclass(frozen=True, slots=True)
class RebuiltConversation:
    conversation: Conversation
    pending: tuple[Turn, ...] = ()
    """What the caller has said and nobody has answered."""


def rebuilt(kept: KeptTurns, quiet_by: str = "") -> RebuiltConversation:
    """The conversation as its call's next stream goes on with it. ``quiet_by``: the supervisor who keeps the line
    quiet, if somebody does."""
    said: list[Exchange] = []
    answered = failures = 0
    for one in kept.answers:
        answer = one.turn
        failures = failures + 1 if answer.heard.outcome is Outcome.FAILED else 0
        if answer.code == FALSE_START:
            continue
        if answer.times.floor_rule == GOES_ON and said:
            said[-1] = _to_its_end(said[-1], answer)
            continue
        question = _question(kept.turns, answered, answer.answers or 0)
        answered = max(answered, answer.answers or 0)
        said.append(_exchange(answer, question))
    pending = _pending(kept, answered)
    conversation = Conversation(answers=len(kept.answers), failures=failures, secrets=list(kept.secrets))
    conversation.said_before(said)
    conversation.supervision.quiet_by = quiet_by
    if kept.answers and said and not pending and not quiet_by:
        conversation.lost = _lost(kept.answers[-1], said[-1])
    return RebuiltConversation(conversation, pending)


def _question(turns: Sequence[Turn], after: int, up_to: int) -> tuple[str, ...]:
    return tuple(turn.heard_text for turn in turns if after < turn.number <= up_to and turn.heard_text.strip())


def _exchange(answer: AgentTurn, question: tuple[str, ...]) -> Exchange:
    occasion = OCCASION_OF.get(answer.times.floor_rule, Occasion.TURNS)
    is_cut = answer.heard.outcome is Outcome.INTERRUPTED
    return Exchange(occasion, question, question, answer.text, answer.heard.text, interrupted=is_cut)


def _to_its_end(before: Exchange, rest: AgentTurn) -> Exchange:
    """The exchange, of which this is the rest."""
    begun = before.answer.removesuffix(rest.text).strip()
    return replace(
        before,
        heard=max(before.heard, f"{begun} {rest.heard.text}".strip(), key=len),
        interrupted=rest.heard.outcome is Outcome.INTERRUPTED,
    )


def _pending(kept: KeptTurns, answered: int) -> tuple[Turn, ...]:
    """What was said while an answer was heard to its end was a backchannel, or is as good as answered."""
    heard_until_ms = kept.answers[-1].turn.ended_ms if kept.answers else 0
    asked = [turn for turn in kept.turns if turn.number > answered and turn.heard_text.strip()]
    return tuple(turn for turn in asked if turn.ended_ms >= heard_until_ms)[-MOST_TURNS:]


def _lost(last: KeptAnswer, exchange: Exchange) -> LostAnswer | None:
    """The last answer, where it was cut off."""
    turn = last.turn
    clause = unheard_clause(turn.text, turn.heard.text)
    if turn.heard.outcome is not Outcome.INTERRUPTED or turn.code == FALSE_START or not clause:
        return None
    before = exchange.answer.removesuffix(clause).strip()
    # Its responder may have had more to say than is kept.
    rest = Rest((Say(clause, cacheable=False),), before, 0, is_whole=False)
    return LostAnswer(exchange.occasion, rest, turn, last.stream_sid)
