"""Answerer: what answers a call and what speaks it, with the settings that both work by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calls.reply.responder import Responder
from calls.reply.settings import AnswerPrices
from stt.tuning import Tuning

if TYPE_CHECKING:
    from calls.reply.line_voice import LineVoice


@dataclass(frozen=True, slots=True)
class Answerer:
    """What answers a call, and what speaks it."""

    responder: Responder
    voice: LineVoice
    tuning: Tuning
    keeps_callers_words: bool = False
    prices: AnswerPrices = field(default_factory=AnswerPrices)
