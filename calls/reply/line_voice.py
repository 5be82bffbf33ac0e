"""LineVoice: what a line speaks with, whatever fails: its voice, then its second one, then recordings.

Written once here for all voices: the order, the phrase cache, what is charged, the rest that a failing voice is given.
A voice that failed in an answer is not asked again in it: its next piece would wait in vain as well, and an answer that
changes its voice twice is worse than once. Everything is on the call's loop and may be cancelled at any await.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from calls.reply.phrases import PhraseCache
from calls.reply.voice import AnswerVoice, Voice, VoiceError
from calls.reply.voices.guarded import guarded
from calls.reply.voices.pieces import check_piece
from calls.reply.voices.recorded import Prompt, Prompts, RecordedVoice
from voiceapp.runtime import metrics
from voiceapp.runtime.breaker import Breaker

logger = logging.getLogger(__name__)

Note = Callable[[str, str], object]
"""Takes a stable code of what went wrong, and more of it for people, on the loop: for the call's record
and its log."""


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A voice in a line's order, with what the process remembers of it."""

    voice: Voice
    breaker: Breaker


class LineVoice:
    """One call's."""

    def __init__(self, ranked: Sequence[Ranked], phrases: PhraseCache, prompts: Prompts, note: Note = _nothing) -> None:
        """``ranked``: the voices that may synthesise, the line's own first; recordings stand behind them."""
        self._ranked = tuple(ranked)
        self._phrases = phrases
        self._prompts = prompts
        self._note = note

    @property
    def names(self) -> tuple[str, ...]:
        """Of the voices, in the order in which they are tried."""
        return (*(one.voice.name for one in self._ranked), RecordedVoice.name)

    @property
    def says_any_text(self) -> bool:
        """Some voice synthesises; recordings say their own sentences alone."""
        return bool(self._ranked)

    @asynccontextmanager
    async def for_answer(self) -> AsyncIterator[SpeakingAnswer]:
        """For as long as one answer lasts; leaving it gives up whatever is still being synthesised.

        Leave it when nobody reads from it any more: tasks that did are cancelled and awaited before.
        """
        speaking = SpeakingAnswer(self._ranked, self._phrases, self._prompts, self._note)
        try:
            yield speaking
        finally:
            await speaking._close()

    async def prompt(self, name: str) -> Prompt:
        """A sentence that must be there: ``apology`` | ``repeat`` | ``goodbye`` | ``greeting`` | ``filler_1``…

        In the line's own voice where the phrase cache has it (Voices.render), else as it was recorded. Asks no
        service. Raises VoiceError where the recordings are broken.
        """
        return await self._in_own_voice(self._prompts.named(name))

    async def fillers(self) -> tuple[Prompt, ...]:
        """What is said while an answer is late; three or more."""
        return tuple([await self._in_own_voice(prompt) for prompt in self._prompts.fillers])

    async def _in_own_voice(self, prompt: Prompt) -> Prompt:
        for own in (one.voice.name for one in self._ranked[:1]):
            if (ulaw := await self._phrases.get(own, prompt.pointed)) is not None:
                return Prompt(prompt.name, prompt.text, prompt.pointed, ulaw, own)
        return prompt


class SpeakingAnswer:
    """The voices of a line for one answer; made by LineVoice.for_answer."""

    def __init__(self, ranked: Sequence[Ranked], phrases: PhraseCache, prompts: Prompts, note: Note) -> None:
        self.voice = ""
        """Who spoke last, by name; empty before the first sound."""
        self.characters = 0
        """Given to voices that synthesise, as they charge them; what came from the cache or a recording counts none."""
        self.cost = 0.0
        """Of these characters, by the voices' list prices."""
        self.cached = 0
        """Pieces that came from the phrase cache."""
        self._synthesising = {one.voice.name: _Entered(one) for one in ranked}
        self._recorded = RecordedVoice(prompts)
        self._phrases = phrases
        self._note = note
        self._given_up: dict[str, VoiceError] = {}
        self._begun: list[AsyncGenerator[bytes, None]] = []

    def speak(
        self, text: str, cacheable: bool = True, on_restart: Callable[[], object] = _nothing
    ) -> AsyncIterator[bytes]:
        """One piece (calls/reply/voices/pieces.py) in headerless 8 kHz µ-law, in chunks of any length, none empty.

        ``cacheable``: its sound may be kept on disk. ``on_restart``: the voice failed in mid-piece, and the next one
        begins the piece anew; what was not sent of it yet is to be dropped. Raises VoiceError, that of the last voice
        that failed, where none could say it.
        """
        speaking = self._speak(text, cacheable, on_restart)
        self._begun.append(speaking)
        return speaking

    async def _speak(self, text: str, cacheable: bool, on_restart: Callable[[], object]) -> AsyncGenerator[bytes, None]:
        text = check_piece(text)
        failure = VoiceError("voice_raised", "The line has no voice.")
        for entered in self._synthesising.values():
            name, sounded = entered.voice.name, False
            try:
                if name in self._given_up:
                    raise self._given_up[name]
                async with aclosing(self._said_by(entered, text, cacheable)) as chunks:
                    async for ulaw in chunks:
                        self.voice, sounded = name, True
                        yield ulaw
                return
            except VoiceError as error:
                failure = error
                self._fall_back(name, error)
            if sounded:
                on_restart()
        if self._prompts_say(text):
            self.voice = RecordedVoice.name
            async for ulaw in self._recorded.speak(text):
                yield ulaw
            return
        raise VoiceError(failure.code, failure.message)

    def _fall_back(self, name: str, error: VoiceError) -> None:
        if name in self._given_up:
            return
        self._note(error.code, ": ".join(filter(None, (name, error.detail))))
        self._note("voice_fallback", name)
        metrics.VOICE_FALLBACKS.inc()
        if error.code != "text_unspeakable":
            # As a value: its traceback would hold the frames of this answer.
            self._given_up[name] = VoiceError(error.code, error.message)

    def _prompts_say(self, text: str) -> bool:
        try:
            return self._recorded.says(text)
        except VoiceError as error:
            logger.error("voice_raised: %s", error.message)
            return False

    async def _said_by(self, entered: _Entered, text: str, cacheable: bool) -> AsyncGenerator[bytes, None]:
        """A piece by one voice, from the cache where it is there."""
        voice, breaker = entered.voice, entered.breaker
        if cacheable and (kept := await self._phrases.get(voice.name, text)) is not None:
            self.cached += 1
            yield kept
            return
        if not breaker.may_open(time.monotonic()):
            raise VoiceError("voice_slow", f"{voice.name} has failed again and again and is given a rest.")
        sound = bytearray()
        self._charge(voice, len(text))
        try:
            async with aclosing(cast(Any, guarded(entered, text))) as chunks:
                async for ulaw in chunks:
                    sound += ulaw
                    yield ulaw
        except VoiceError as error:
            if not sound:
                self._charge(voice, -len(text))
            if error.code != "text_unspeakable":
                breaker.failed(time.monotonic())
            raise
        breaker.succeeded()
        metrics.CHARACTERS_SPOKEN.inc(len(text))
        if cacheable:
            await self._phrases.put(voice.name, text, bytes(sound))

    def _charge(self, voice: Voice, characters: int) -> None:
        self.characters += characters
        self.cost += characters * voice.price_per_million / 1_000_000

    async def _close(self) -> None:
        for speaking in self._begun:
            await speaking.aclose()
        for entered in self._synthesising.values():
            await entered.leave()


class _Entered:
    """A voice's part of one answer, entered when its first piece is asked for: within that piece's bounds."""

    def __init__(self, ranked: Ranked) -> None:
        self.voice, self.breaker = ranked.voice, ranked.breaker
        self._stack = AsyncExitStack()
        self._answer: AnswerVoice | None = None

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        if self._answer is None:
            self._answer = await self._stack.enter_async_context(self.voice.for_answer())
        async with aclosing(cast(Any, self._answer.speak(text))) as chunks:
            async for ulaw in chunks:
                yield ulaw

    async def leave(self) -> None:
        try:
            await self._stack.aclose()
        except Exception as error:
            # The wall around a vendor's library: the answer is over, and the call goes on.
            metrics.VOICE_ERRORS.labels("voice_raised").inc()
            logger.error("voice_raised: %s: %s", type(error).__name__, error, exc_info=True)
