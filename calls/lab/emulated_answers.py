"""Emulated answers: a responder and a voice that take their time and say the same short sentence. All times virtual.

What they stand for is a name and three times; an answer of theirs lasts a third of a second, so that one which is given
too early does not hide the caller's next pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from calls.core.turns import Turn
from calls.reply.items import Expect, Item, Say
from calls.reply.responder import Exchange, ReplyCall
from calls.reply.voices.recorded import Prompt
from stt.audio import BYTES_PER_MS

WORDS = ("בסדר", "גמור.", "ומה", "עוד?")
SPOKEN_MS = 160
"""Of each of its two pieces."""


@dataclass(frozen=True, slots=True)
class AnswerPace:
    """How long an answer takes to make."""

    responder: str
    first_words_ms: int
    word_every_ms: int
    """0: the answer is there as a whole."""
    first_sound_ms: int
    """Of a piece: from its words to its first sound."""


SCRIPTED = AnswerPace("scripted", 0, 0, 5)
"""A dialogue's line, whose sound is in the phrase cache."""
LLM = AnswerPace("llm", 350, 20, 200)


class EmulatedResponder:
    """One call's; it expects the same again and again."""

    tokens = 0

    def __init__(self, times: AnswerPace, expect: Expect) -> None:
        self.name = times.responder
        self._times, self._expect = times, expect

    async def answer(self, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> AsyncIterator[Item]:
        await asyncio.sleep(self._times.first_words_ms / 1000)
        if self._times.word_every_ms:
            for word in WORDS:
                yield Say(f"{word} ", continues=True)
                await asyncio.sleep(self._times.word_every_ms / 1000)
        else:
            yield Say(" ".join(WORDS))
        yield self._expect

    async def revised(self, turn: Turn, old: str, new: str) -> None:
        """The words do not matter to it."""

    async def interrupted(self, heard: str) -> None:
        """Nor this."""


class EmulatedVoice:
    """In the place of a LineVoice (calls/reply/line_voice.py), and of what it gives for an answer."""

    voice, characters, cost = "emulated", 0, 0.0
    says_any_text = True

    def __init__(self, times: AnswerPace) -> None:
        self._times = times

    @asynccontextmanager
    async def for_answer(self) -> AsyncIterator[EmulatedVoice]:
        yield self

    async def speak(
        self, text: str, cacheable: bool = True, on_restart: Callable[[], object] = lambda: None
    ) -> AsyncIterator[bytes]:
        await asyncio.sleep(self._times.first_sound_ms / 1000)
        yield bytes(SPOKEN_MS * BYTES_PER_MS)

    async def prompt(self, name: str) -> Prompt:
        return Prompt(name, name, name, bytes(SPOKEN_MS * BYTES_PER_MS))

    async def fillers(self) -> tuple[Prompt, ...]:
        return ()
