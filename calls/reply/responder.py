"""Responder: what answers a call. A dialogue, a language model, an echo, or nothing. Pure: the contract alone.

A responder keeps no state of its own between answers: what was said is its state, and it reads it from ``said``. So an
answer that is withdrawn before its first sound leaves nothing behind, and two preparations of one question may run one
after the other. It is called on the call's loop, may await, and is cancelled at any await; whatever it holds open it
closes on cancellation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from calls.core.turns import Turn
from calls.reply.items import ActOutcome, Expect, Item
from voiceapp.runtime.coded_error import CodedError


class ResponderError(CodedError):
    """``code``: ``responder_raised`` | ``responder_slow`` | ``responder_silent`` | ``act_unknown`` |
    ``answer_cut_off`` | ``dialogue_invalid``. The message stands in logs and on rows: it holds no words of the call,
    and no key."""


class Occasion(StrEnum):
    """Why the responder is asked."""

    OPENING = "opening"
    """The call has begun, and the line's greeting is queued: a first question, or nothing."""
    TURNS = "turns"
    """The caller has said something and has given up the floor."""
    SILENCE = "silence"
    """Nobody spoke for ``silence_reprompt_ms``: ask again."""
    GOODBYE = "goodbye"
    """Nobody spoke after the last reprompt: say goodbye; the agent hangs up behind it."""
    TRANSFER_FAILED = "transfer_failed"
    """The caller was told of a hand-over that could not be made: say what follows, before they ask."""
    SUPERVISOR = "supervisor"
    """Of an exchange, and never asked: a supervisor had this said in the line's voice, or the caller said this while a
    supervisor kept the line quiet."""


@dataclass(frozen=True, slots=True)
class ReplyCall:
    """The call, as a responder may know it."""

    call_sid: str
    from_number: str
    to_number: str
    occasion: Occasion
    reprompt: int = 0
    """Of SILENCE: the first is 1."""
    people: tuple[str, ...] = ()
    """Names that a Transfer may give."""
    goes_on: bool = False
    """The last answer was cut off by a noise before the responder was done with it. What it had yielded is said to its
    end; this asks for what was still to come. ``said[-1]`` holds what it had yielded."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of the caller and what the line made of it; kept for each answer of which a sound was sent."""

    occasion: Occasion
    question: tuple[str, ...]
    """The caller's turns as they stood when they were answered; empty where nobody has asked. At SUPERVISOR: what
    nobody answered."""
    revised: tuple[str, ...]
    """The same as they stand now: words may be revised after they were answered."""
    answer: str
    """What was to be said; of an answer that failed, the words that were left unsaid stand behind its apology."""
    heard: str
    """What the caller heard of it."""
    expected: Expect | None = None
    """What this answer expected next."""
    outcomes: tuple[ActOutcome, ...] = ()
    interrupted: bool = False
    """The caller spoke over the answer: it ended where ``heard`` ends."""


class Responder(Protocol):
    """One call's."""

    name: str
    """As rows and metrics name it: ``silent``, ``repeat``, ``scripted``, ``llm``."""

    def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        """The answer to these turns, in pieces as they come. Yielding nothing is to say nothing.

        Raises ResponderError; anything else is taken as ``responder_raised``.
        """

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """Late words changed a turn whose answer has begun to sound."""

    async def interrupted(self, heard: str) -> None:
        """The caller spoke over an answer; this much of it was heard."""

    @property
    def tokens(self) -> int:
        """Of a language model, since the call began; 0 elsewhere."""
