"""Voices: those that a process has, by name, made when they are first needed; and what a line speaks with.

A family is one vendor's voices. Their names begin with its name (``google:he-IL-Chirp3-HD-Aoede``); lines keep these
names. What a voice calls itself on rows and in the phrase cache may differ: an emulated one says so.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from typing import Protocol

from calls.reply.line_voice import LineVoice, Note, Ranked
from calls.reply.phrases import PhraseCache
from calls.reply.voice import EMULATOR, Voice, VoiceError
from calls.reply.voices.pieces import check_piece
from calls.reply.voices.recorded import RECORDED, Prompts
from voiceapp.runtime.breaker import Breaker

UNPOINTED = "שלום"


class VoiceFamily(Protocol):
    """A vendor or a program that synthesises speech. Made once a process; nothing is started by being made."""

    @property
    def name(self) -> str:
        """What the names of its voices begin with, before the colon."""

    @property
    def voices(self) -> Sequence[str]:
        """What may stand behind the colon, the best first; others may be accepted too."""

    def unusable(self) -> str:
        """Why this process cannot use it, in one sentence; empty where it can. Asks no network."""

    def voice(self, name: str) -> Voice:
        """The voice of this name, without the family's. Raises VoiceError where there can be none."""

    def check(self, text: str) -> None:
        """Raises VoiceError ``text_unspeakable`` where no voice of it can say this. Blocking; asks no network."""

    def warm_up(self) -> None:
        """Load what the first piece would wait for. Blocking, on a thread of its own."""

    async def close(self) -> None:
        """Release the connections of the running loop. A later piece makes new ones."""


class Voices:
    """Of one process. On the event loop's thread, but for what says otherwise."""

    def __init__(self, families: Sequence[VoiceFamily], phrases: PhraseCache, prompts: Prompts) -> None:
        """``families``: the preferred one first."""
        self.phrases = phrases
        self.prompts = prompts
        self._families = {family.name: family for family in families}
        self._ranked: dict[str, Ranked] = {}

    def names(self) -> list[str]:
        """Voices that this process can use and a line may choose, the default first. Any thread."""
        return [f"{family.name}:{voice}" for family in self._usable() for voice in family.voices]

    def default_name(self) -> str:
        """The voice of a line that names none; empty where this process has none. Any thread."""
        return next(iter(self.names()), "")

    def is_emulated(self, name: str) -> bool:
        """An emulator stands in for this voice here. Any thread. Raises VoiceError where there is no such voice."""
        return self._family(name).voice(name.partition(":")[2]).name.startswith(f"{EMULATOR}:")

    def unusable(self) -> dict[str, str]:
        """Why a family cannot be used, by its name. Any thread."""
        return {name: why for name, family in self._families.items() if (why := family.unusable())}

    def check(self, name: str, text: str) -> None:
        """A line's text can be said by this voice ("": the default). Raises VoiceError, its message says which words
        cannot. For text in pieces of any length. Blocking, any thread."""
        if not any(character.isalnum() for character in text):
            check_piece(text)
        if name := name or self.default_name():
            self._family(name).check(text)

    def says_unpointed(self, name: str, fallback: str = "") -> bool:
        """One of a line's voices ("": the default) says words without vowel points, as a recogniser or a model writes
        them. Any thread; asks no network."""
        for one in (name or self.default_name(), fallback):
            try:
                if one and not self._family(one).unusable():
                    self.check(one, UNPOINTED)
                    return True
            except VoiceError:
                continue
        return False

    def speaks(self, name: str, fallback: str = "") -> bool:
        """One of a line's voices ("": the default) synthesises here; recordings alone apologise. Any thread; asks no
        network."""
        usable = self.names()
        return any(one in usable for one in (name or self.default_name(), fallback))

    def of_line(self, name: str, fallback: str = "", note: Note = lambda code, detail: None) -> LineVoice:
        """What a call speaks with: this voice ("": the default), then the other, then recordings.

        ``recorded`` as the name is the recordings alone. One that this process cannot use is left out and noted as
        ``voice_fallback``. ``note`` is called with the code and the detail of each failure, on the loop.
        """
        ranked = []
        for wanted in dict.fromkeys(
            one for one in (name or self.default_name(), fallback) if one not in ("", RECORDED)
        ):
            try:
                ranked.append(self._usable_voice(wanted))
            except VoiceError as error:
                note("voice_fallback", error.detail)
        return LineVoice(ranked, self.phrases, self.prompts, note)

    async def render(self, name: str, pieces: Iterable[str]) -> dict[str, VoiceError]:
        """Put pieces of text into the phrase cache, as this voice says them; one that is there is not made again.

        Returns what failed, by its text. Of a voice that cannot be used: all of them.
        """
        failed: dict[str, VoiceError] = {}
        for piece in dict.fromkeys(pieces):
            try:
                await self.say(name, [piece])
            except VoiceError as error:
                failed[piece] = error
        return failed

    async def say(self, name: str, pieces: Iterable[str]) -> bytes:
        """Pieces of text in this voice ("": the default) and no other, by way of the phrase cache: 8 kHz µ-law.

        Raises VoiceError where it cannot say one of them.
        """
        name = name or self.default_name()
        if not name:
            whys = " ".join(f"{family}: {why}" for family, why in self.unusable().items())
            raise VoiceError("voice_raised", f"No voice can be used here. {whys}")
        failures: list[VoiceError] = []

        def failed(code: str, detail: str) -> None:
            failures.append(VoiceError(code, detail))

        line = LineVoice([self._usable_voice(name)], self.phrases, self.prompts, failed)
        sound = bytearray()
        async with line.for_answer() as speaking:
            for piece in pieces:
                async for ulaw in speaking.speak(piece):
                    sound += ulaw
                if failures:
                    raise failures[0]
        return bytes(sound)

    def render_now(self, name: str, pieces: Iterable[str]) -> dict[str, VoiceError]:
        """As ``render``, waiting for it. On any thread that runs no event loop."""

        async def rendered() -> dict[str, VoiceError]:
            try:
                return await self.render(name, pieces)
            finally:
                await self.close()

        return asyncio.run(rendered())

    def warm_up(self) -> None:
        """Read the recordings and load what the first pieces would wait for. Blocking: a thread's whole work."""
        _ = self.prompts.all
        for family in self._usable():
            family.warm_up()

    async def close(self) -> None:
        """Release the connections of the running loop."""
        for family in self._families.values():
            await family.close()

    def _usable(self) -> list[VoiceFamily]:
        return [family for family in self._families.values() if not family.unusable()]

    def _family(self, name: str) -> VoiceFamily:
        """By a voice's whole name. Raises VoiceError."""
        family = self._families.get(name.partition(":")[0])
        if family is None:
            raise VoiceError("voice_raised", f"There is no voice {name!r}; there are: {', '.join(self.names())}.")
        return family

    def _usable_voice(self, name: str) -> Ranked:
        """Raises VoiceError."""
        family = self._family(name)
        if why := family.unusable():
            raise VoiceError("voice_raised", f"{name} cannot be used: {why}")
        if name not in self._ranked:
            self._ranked[name] = Ranked(family.voice(name.partition(":")[2]), Breaker(random.Random()))
        return self._ranked[name]
