"""The voice of last resort: recordings in a folder, by exact text or by name. Asks nobody, and synthesises nothing.

``index.tsv`` names each WAV file (of any kind that stt/wavfile.py reads), its text as people write it, and the same
with vowel points. The folder that comes with the product is calls/reply/prompts (script/make_prompts).
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from calls.reply.voice import AnswerVoice, VoiceError
from calls.reply.voices.pieces import without_points
from stt.wavfile import WavError, read_ulaw

RECORDED = "recorded"
"""The voice's name."""
SHIPPED = Path(__file__).parents[1] / "prompts"
FILLER = "filler"
"""How the names of fillers begin."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence that must always be there: an apology, a filler."""

    name: str
    text: str
    """As people write it."""
    pointed: str
    """The same with vowel points: what a voice is given."""
    ulaw: bytes
    """8 kHz."""
    voice: str = RECORDED
    """Who says it here."""


class Prompts:
    """A folder's recordings, read when they are first asked for. Raises VoiceError where the folder is broken."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._folder = folder

    def named(self, name: str) -> Prompt:
        """Raises VoiceError."""
        prompt = next((prompt for prompt in self.all if prompt.name == name), None)
        if prompt is None:
            raise VoiceError("voice_raised", f"There is no recording {name!r} in {self._folder.name}.")
        return prompt

    def saying(self, text: str) -> Prompt | None:
        """The one with exactly these words; points, spaces and the mark at the end make no difference."""
        return self._by_words.get(_words(text))

    @property
    def fillers(self) -> tuple[Prompt, ...]:
        return tuple(prompt for prompt in self.all if prompt.name.startswith(FILLER))

    @cached_property
    def all(self) -> tuple[Prompt, ...]:
        try:
            with (self._folder / "index.tsv").open(encoding="utf-8", newline="") as table:
                return tuple(
                    Prompt(row["name"], row["text"], row["pointed"], read_ulaw(self._folder / f"{row['name']}.wav"))
                    for row in csv.DictReader(table, delimiter="\t")
                )
        except (OSError, WavError, KeyError, UnicodeDecodeError) as error:
            raise VoiceError(
                "voice_raised", f"The recordings in {self._folder.name} cannot be read: {error}"
            ) from error

    @cached_property
    def _by_words(self) -> dict[str, Prompt]:
        return {_words(prompt.text): prompt for prompt in self.all}


class RecordedVoice:
    """The Voice of a folder: says what is recorded in exactly these words, and nothing else."""

    name, price_per_million = RECORDED, 0.0

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts

    def for_answer(self) -> AbstractAsyncContextManager[AnswerVoice]:
        return nullcontext(self)

    def says(self, text: str) -> bool:
        """There is a recording of these words. Raises VoiceError where the folder is broken."""
        return self._prompts.saying(text) is not None

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        prompt = self._prompts.saying(text)
        if prompt is None:
            raise VoiceError("text_unspeakable", "There is no recording of this text.")
        yield prompt.ulaw


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", without_points(text)).strip(" .,?!")
