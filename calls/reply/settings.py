"""AnswerSettings: how a line answers, frozen as a call takes it at its start. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.reply.dialogue_format import DialogueScript


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a language model is asked with; its key and address are the environment's."""

    prompt: str = ""
    model: str = ""
    temperature: float = 0.4
    """0 to 2."""
    max_tokens: int = 300
    """At most 500 of one answer."""


@dataclass(frozen=True, slots=True)
class AnswerPrices:
    """Of a million, in the currency of the ceiling."""

    tokens: float = 0.0
    characters: float | None = None
    """Synthesised; None: each voice's own list price."""


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Beyond these a call is apologised to and goes to the line's fallback."""

    agent_turns: int = 60
    answered_s: int = 1800
    cost: float | None = None
    """Of tokens and synthesised characters, in the prices' currency; None: no ceiling."""


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """A line's; the pauses and waits are the tuning profile's (stt/tuning.py)."""

    responder: str = "silent"
    """By its name in calls/reply/responders/catalogue.py; ``silent`` only transcribes."""
    voice: str = ""
    """Empty: the first that this process can use."""
    voice_fallback: str = ""
    greeting: str = ""
    """Said first, in the stream."""
    dialogue: DialogueScript | None = None
    """Of ``scripted``: as it last passed its checks; None: there is none that can be used."""
    model: ModelSettings = field(default_factory=ModelSettings)
    people: Mapping[str, str] = field(default_factory=dict)
    """Whom calls may be handed over to: name -> number."""
    keeps_callers_words: bool = False
    """The phrase cache may hold sentences with words of callers."""
    limits: AnswerLimits = field(default_factory=AnswerLimits)
    prices: AnswerPrices = field(default_factory=AnswerPrices)
