"""Whisper as an Engine (stt/engines/base.py): recognition on this machine, of single utterances, without an account.

Owns what it is asked for and how it refuses. The model runs in a process of its own (stt/engines/whisper_process.py,
stt/engines/whisper_decoder.py): this module loads no library of a model, so that it may be imported anywhere.
docs/engines.md says which weights to take and what was measured.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from stt.audio import SAMPLE_RATE_HZ
from stt.engines.base import Capabilities, Deliver, RecognitionOptions, UtterancePcm
from stt.engines.errors import recognizer_errors
from stt.engines.task_stream import TaskStream
from stt.engines.whisper_process import DECODERS, Decoders
from stt.events import Final, RecognizerError, Word

NAME = "whisper"
DIRECTORY = "WHISPER_DIR"
"""The variable that names the folder of its weights."""
CAPABILITIES = Capabilities(
    # Whisper hears windows of 30 s: to hear a growing utterance again each second takes a core a call and more.
    streaming=False,
    one_shot=True,
    word_times=False,
    message_bytes=8000,
    half_close=False,
    price_per_hour=Decimal(0),
)
WEIGHTS = "model.bin", "config.json", "tokenizer.json"
"""Without the last one its library would ask a hub for another."""
PROBE_PCM, PROBE_TIMEOUT_MS = bytes(8000), 60_000
"""Half a second of silence; the time is for loading the weights, 1 to 2 s of CPU for the base model."""
WITH_BEFORE_BYTES = 18 * 2 * SAMPLE_RATE_HZ
"""An utterance up to 18 s is decoded behind what was said before it (10 s at most): together they fit into the 30 s
that Whisper hears at once."""
PUNCTUATION = '.,?!…"“”'
HEBREW = {"iw": "he"}
"""Languages that Whisper knows by a newer code."""
ROOT = Path(__file__).resolve().parent.parent.parent


def whisper_at(directory: str) -> Callable[[str], Whisper]:
    """Makes a process's engine. It has no endpoints: whatever one is named, it is the same engine."""
    engine = Whisper(directory)
    return lambda endpoint: engine


def missing(directory: Path) -> RecognizerError | None:
    """Why no model can be loaded from this folder, as far as one can tell without loading it."""
    if find_spec("faster_whisper") is None:
        return RecognizerError("whisper_missing", "pip install -r requirements-whisper.txt")
    absent = next((name for name in WEIGHTS if not (directory / name).is_file()), None)
    return RecognizerError("weights_missing", f"{directory} has no {absent}") if absent else None


class Whisper:
    """The Engine. Any thread, but for ``open_stream`` and ``close``."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, directory: str, command: Sequence[str] | None = None) -> None:
        """``directory``: weights as CTranslate2 reads them. ``command``: another decoder than that of this machine."""
        self._directory = Path(directory).resolve()
        self._needs_weights = command is None
        self.model = self._directory.name
        """The folder's name: it is what rows can say of the weights."""
        self.decoders = Decoders(command or _command(self._directory), ROOT)

    def probe(self) -> None:
        self.recognize(PROBE_PCM, RecognitionOptions(), PROBE_TIMEOUT_MS)

    def open_stream(self, deliver: Deliver, options: RecognitionOptions) -> TaskStream:
        return TaskStream(_no_stream, deliver, CAPABILITIES)

    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        with recognizer_errors(lambda _: None):
            if options.model not in ("", self.model):
                raise RecognizerError("model_not_supported", f"there is only {self.model}", permanent=True)
            if self._needs_weights and (error := missing(self._directory)) is not None:
                raise error
            language = options.language.partition("-")[0].lower()
            before = pcm.before if isinstance(pcm, UtterancePcm) and len(pcm) <= WITH_BEFORE_BYTES else b""
            words = self.decoders.decode(pcm, HEBREW.get(language, language), timeout_ms, before)
        said = words if options.punctuation else [word.strip(PUNCTUATION) for word in words]
        return Final(tuple(Word(word) for word in said if word), end_ms=None)

    async def close(self) -> None:
        await asyncio.to_thread(self.decoders.end)


async def _no_stream(stream: TaskStream) -> None:
    raise RecognizerError("unimplemented", "Whisper hears no streams", permanent=True)


def _command(directory: Path) -> list[str]:
    # Half of the processors at most, with both decoders at work: the others are hearing's. Threads that wait for each
    # other slow one another down where there are fewer processors than threads.
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(1, processors // (2 * DECODERS))
    return [sys.executable, "-m", "stt.engines.whisper_decoder", str(directory), str(DECODERS), str(threads)]
