"""espeak-ng's Hebrew voice: a process a piece, on this machine. The embedded default.

espeak-ng 1.51 reads Hebrew letters without vowels and spells points out as letters of the alphabet ("shin dot"), so it
is given phonemes: phonikud makes them from pointed text (an extra, requirements-espeak.txt, Python 3.11 and 3.12). The
words of numbers, prices and dates are pointed here (pointing.py); other words must come pointed, and a line's text with
one that is not is refused when it is saved.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from importlib.util import find_spec

from calls.reply.voice import AnswerVoice, Voice, VoiceError
from calls.reply.voices.pointing import pointed, unpointed_words
from stt.wavfile import WavError, to_ulaw
from voiceapp.runtime import background

BINARY = "espeak-ng"
COMMAND = ("-v", "he", "-s", "160", "-p", "45", "-a", "70", "-z", "--stdin", "--stdout")
"""Words a minute, pitch of 99, loudness of 200 (louder ones are cut off at their peaks); -z: no pause at the end."""
PROCESS_S = 5.0
"""A process that is not done with a piece by then is killed."""
MAX_PROCESSES = 4
"""At once; a piece more waits for its turn."""
MAX_WORDS = 4096
"""So many words' phonemes are remembered: phonikud takes a millisecond for each."""
MNEMONICS = {"tʃ": "tS", "dʒ": "dZ", "ʃ": "S", "ʒ": "Z", "χ": "X", "ʁ": "R", "ʔ": "?", "ɡ": "g", "ˈ": "'"}
"""IPA as phonikud writes it -> what espeak-ng's Hebrew voice calls it."""
MARKS = re.compile(r"\s*([.,?!:;])(?!\d)\s*")
"""Between clauses; neither 12:30 nor 49.90 is divided."""
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
        self._threads = ThreadPoolExecutor(MAX_PROCESSES, "espeak", background.step_back)

    def for_answer(self) -> AbstractAsyncContextManager[AnswerVoice]:
        return nullcontext(self)

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        if words := unpointed_words(text):
            raise VoiceError("text_unspeakable", f"These words need vowel points: {', '.join(words)}.")
        piece = _Piece(self._command, self._process_s)
        try:
            yield await asyncio.get_running_loop().run_in_executor(self._threads, piece.ulaw, text, self._phonemes)
        finally:
            piece.give_up()


class _Piece:
    """One piece and its process, on a thread of its own.

    Not by the loop: uvloop forks there, which takes 10 ms in a process of this size and runs the handlers of gRPC;
    subprocess does with vfork, 1 ms. Nor on the loop's interpreter for long: the thread rests between words and taps.
    """

    def __init__(self, command: Sequence[str], process_s: float) -> None:
        self._command = command
        self._process_s = process_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = False

    def ulaw(self, text: str, phonemes: Callable[[str], str]) -> bytes:
        """The piece's sound. Blocking. Raises VoiceError, OSError."""
        said = "" if self._given_up else phonemes(text)
        with self._lock:
            if self._given_up:
                return b""
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=nothing)  # noqa: S603
        with self._process as process:
            try:
                wav, _ = process.communicate(said.encode(), self._process_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise VoiceError("voice_slow", f"{BINARY} was not done within {self._process_s:g} s.") from None
        if self._given_up:
            return b""
        if process.returncode:
            raise VoiceError("voice_raised", f"{BINARY} ended with code {process.returncode}.")
        try:
            return to_ulaw(wav, rest)
        except WavError as error:
            raise VoiceError("voice_empty", f"{BINARY}: {error}") from error

    def give_up(self) -> None:
        """Nobody wants it any more: its process is killed, or never begins. Any thread; returns at once."""
        with self._lock:
            self._given_up = True
            if self._process is not None:
                self._process.kill()


def rest() -> None:
    """Let the event loop have its turn: by itself the interpreter changes threads every 5 ms."""
    time.sleep(background.REST_S)


def phonemes_of(text: str) -> str:
    """What espeak-ng is to say: phonemes in [[ ]], and between them the marks at which it pauses. Blocking."""
    # A maqaf divides words, as people say them.
    parts = MARKS.split(pointed(text).replace("\u05be", " "))
    said = ""
    for at in range(0, len(parts), 2):
        clause = " ".join(filter(None, map(_phonemes, parts[at].split())))
        said += f"[[{clause}]]" if clause else ""
        said += f"{parts[at + 1]} " if at + 1 < len(parts) else ""
    return said.strip()


@lru_cache(MAX_WORDS)
def _phonemes(word: str) -> str:
    # Late: an extra, and a third of a second.
    import phonikud

    ipa = phonikud.phonemize(word)
    rest()
    for sound, mnemonic in MNEMONICS.items():
        ipa = ipa.replace(sound, mnemonic)
    return " ".join(UNKNOWN.sub(" ", ipa).split())
