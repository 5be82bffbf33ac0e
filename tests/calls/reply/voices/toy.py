"""ToyVoices: the smallest voice that keeps the whole contract. It hums a byte for each letter."""

import asyncio
from contextlib import nullcontext

from calls.reply.voice import VoiceError

LETTER_BYTES = 480
"""60 ms."""


class ToyVoices:
    name, voices = "toy", ("he",)

    def __init__(self, error=None, first_ms=0, mute=False):
        self.at_work = 0
        self._says = error, first_ms, mute

    def unusable(self):
        return ""

    def voice(self, name):
        if name not in self.voices:
            raise VoiceError("voice_raised", f"The toy has no voice {name!r}.")
        return ToyVoice(self, *self._says)

    def check(self, text):
        pass

    def warm_up(self):
        pass

    async def close(self):
        pass


class ToyVoice:
    name, price_per_million = "toy:he", 10.0

    def __init__(self, family, error, first_ms, mute):
        self._family, self._error, self._first_ms, self._mute = family, error, first_ms, mute

    def for_answer(self):
        return nullcontext(self)

    async def speak(self, text):
        self._family.at_work += 1
        try:
            await asyncio.sleep(self._first_ms / 1000)
            if self._error is not None:
                raise self._error
            for letter in "" if self._mute else text:
                if letter.isalpha():
                    yield bytes([ord(letter) % 256]) * LETTER_BYTES
        finally:
            self._family.at_work -= 1
