"""espeak-ng's Hebrew voice: a process a piece, on this machine, 10 to 45 ms each. The embedded default.

espeak-ng 1.51 reads Hebrew letters without vowels and spells points out as letters of the alphabet ("shin dot"), so it
is given phonemes: phonikud makes them from pointed text (an extra, requirements-espeak.txt, Python 3.11 and 3.12). The
words of numbers, prices and dates are pointed here (pointing.py); other words must come pointed, and a line's text with
one that is not is refused when it is saved.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib.util import find_spec

from calls.reply.voice import AnswerVoice, Voice, VoiceError
from calls.reply.voices.pointing import pointed, unpointed_words
from stt.wavfile import WavError, to_ulaw

BINARY = "espeak-ng"
COMMAND = ("-v", "he", "-s", "160", "-p", "45", "-a", "70", "-z", "--stdin", "--stdout")
"""Words a minute, pitch of 99, loudness of 200 (louder ones are cut off at their peaks); -z: no pause at the end."""
PROCESS_S = 5.0
"""A process that is not done with a piece by then is killed."""
MNEMONICS = {"tʃ": "tS", "dʒ": "dZ", "ʃ": "S", "ʒ": "Z", "χ": "X", "ʁ": "R", "ʔ": "?", "ɡ": "g", "ˈ": "'"}
"""IPA as phonikud writes it -> what espeak-ng's Hebrew voice calls it."""
MARKS = re.compile(r"\s*([.,?!:;])\s*")
UNKNOWN = re.compile(r"[^a-zA-Z'? ]")


class EspeakVoices:
    """The family: one voice."""

    name = "espeak"
    voices = ("he",)

    def unusable(self) -> str:
        if shutil.which(BINARY) is None:
            return f"{BINARY} is not installed (apt install espeak-ng)."
        if find_spec("phonikud") is None:
            return "phonikud is not installed (pip install -r requirements-espeak.txt; Python 3.11 or 3.12)."
        return ""

    def voice(self, name: str) -> Voice:
        if name not in self.voices:
            raise VoiceError("voice_raised", f"espeak has no voice {name!r}; there is: he.")
        return EspeakVoice()

    def check(self, text: str) -> None:
        if words := unpointed_words(text):
            raise VoiceError("text_unspeakable", f"These words need vowel points: {', '.join(words)}.")

    def warm_up(self) -> None:
        phonemes_of("שָׁלוֹם")

    async def close(self) -> None:
        """There is no connection."""


class EspeakVoice:
    """The Voice."""

    name, price_per_million = "espeak:he", 0.0

    def __init__(
        self,
        binary: str = BINARY,
        phonemes: Callable[[str], str] | None = None,
        process_s: float = PROCESS_S,
    ) -> None:
        self._command = (binary, *COMMAND)
        self._phonemes = phonemes or phonemes_of
        self._process_s = process_s

    def for_answer(self) -> AbstractAsyncContextManager[AnswerVoice]:
        return nullcontext(self)

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        if words := unpointed_words(text):
            raise VoiceError("text_unspeakable", f"These words need vowel points: {', '.join(words)}.")
        # Off the loop: phonikud takes up to 10 ms for a piece, the way to 8 kHz 4 ms a second of sound.
        phonemes = await asyncio.to_thread(self._phonemes, text)
        wav = await self._said(phonemes.encode())
        try:
            ulaw = await asyncio.to_thread(to_ulaw, wav)
        except WavError as error:
            raise VoiceError("voice_empty", f"{BINARY}: {error}") from error
        yield ulaw

    async def _said(self, phonemes: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(self._process_s):
                wav, _ = await process.communicate(phonemes)
        except TimeoutError:
            raise VoiceError("voice_slow", f"{BINARY} was not done within {self._process_s:g} s.") from None
        finally:
            if process.returncode is None:
                process.kill()
                # Reads what is left too: a pipe with something in it would stay open.
                await process.communicate()
        if process.returncode:
            raise VoiceError("voice_raised", f"{BINARY} ended with code {process.returncode}.")
        return wav


def phonemes_of(text: str) -> str:
    """What espeak-ng is to say: phonemes in [[ ]], and between them the marks at which it pauses. Blocking."""
    # Late: an extra, and a third of a second.
    import phonikud

    # A maqaf divides words, as people say them; the marks are found before ? is a phoneme (the glottal stop).
    parts = MARKS.split(phonikud.phonemize(pointed(text).replace("\u05be", " ")))
    said = ""
    for at in range(0, len(parts), 2):
        clause = UNKNOWN.sub(" ", _mnemonics(parts[at])).strip()
        said += f"[[{clause}]]" if clause else ""
        said += f"{parts[at + 1]} " if at + 1 < len(parts) else ""
    return said.strip()


def _mnemonics(ipa: str) -> str:
    for sound, mnemonic in MNEMONICS.items():
        ipa = ipa.replace(sound, mnemonic)
    return ipa
