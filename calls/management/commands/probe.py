"""``manage.py probe ENGINE FILE.wav… --out DIR``: what an engine says to recordings, and when, kept as traces.

Plays each at real time to the engine (its vendor, unless its emulator's variable is set) and writes a trace that
``manage.py speech_emulator --traces DIR`` says again: the way reality gets into trials and tests. Costs the audio's
length in billed seconds. ``--half-close`` plays each once more, half-closes the stream ``half_close_ms`` after the end
of speech and says what that gained: the only way to know whether your vendor is hastened by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.probing import LEAD_MS, Played, frames_between_noise, play, speech_of, trace_of
from stt.audio import FRAME_MS
from stt.emulator.traces import Trace
from stt.engines.catalogue import EngineEntry, by_name
from stt.engines.guarded import GuardedEngine
from stt.events import RecognizerError
from stt.wavfile import WavError, read_ulaw
from voiceapp.runtime.percentile import percentile
from voiceapp.runtime.private_files import private_folder, private_open

HALF_CLOSE_MS = 120
"""Where the tuning half-closes never."""
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class _Hastened:
    """What a half-close behind the end of speech gained."""

    after_speech_ms: int
    """End of speech to the last final."""
    after_half_close_ms: int
    same_words: bool
    """As in the whole recording."""


class Command(BaseCommand):
    help = "Play recordings to an engine and keep its results with their times."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("engine", choices=tuple(by_name()))
        self.add_recordings(parser)

    def add_recordings(self, parser: CommandParser, files: str = "+") -> None:
        parser.add_argument("files", nargs=files, type=Path, metavar="FILE.wav")
        parser.add_argument("--out", type=Path, default=None, help="Folder for the traces; default VAR_DIR/traces.")
        parser.add_argument("--half-close", action="store_true", help="Also measure what half-closing gains.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.probe(options["engine"], options["files"], options["out"], options["half_close"])

    def values(self, entry: EngineEntry) -> dict[str, str]:
        """What the environment says to the engine. Raises CommandError for what is missing."""
        values = {name: getattr(settings, name, settings.ENGINE_VARIABLES[name]) for name in entry.variables}
        if missing := entry.missing(values):
            or_else = f", or {entry.emulator} to an emulator's host:port" if entry.emulator else ""
            raise CommandError(f"{missing} is not set: set it to {entry.needs[missing]}{or_else}.")
        flaws = [problem for problem in settings.CONFIGURATION_PROBLEMS if problem.variable == CREDENTIALS]
        if CREDENTIALS in entry.needs and not values.get(entry.emulator) and flaws:
            raise CommandError(flaws[0].sentence)
        return values

    def probe(self, name: str, files: Sequence[Path], out: Path | None, half_close: bool) -> None:
        """All of it, of one engine. Raises CommandError."""
        entry = by_name()[name]
        self._engine = GuardedEngine(entry.engine_at(self.values(entry)))
        out = out or settings.VAR_DIR / "traces"
        private_folder(out)
        self._engine.probe()
        finals: list[int] = []
        hastened: list[_Hastened] = []
        for path in files:
            try:
                ulaw = read_ulaw(path)
            except WavError as error:
                raise CommandError(f"broken_recording: {error}") from error
            played = self._play(path.name, frames_between_noise(ulaw))
            speech_ms = speech_of(ulaw)
            within_ms = speech_ms or (0, len(ulaw) // 8)
            trace = trace_of(path.name, played, self._engine, settings.ENVIRONMENT_TUNING, within_ms)
            with private_open(out / trace.file_name, "w", encoding="utf-8") as file:
                file.write(trace.as_text())
            finals += self._tell(trace, speech_ms)
            if half_close and speech_ms is not None:
                hastened += self._half_close(path.name, ulaw, speech_ms[1], played.words)
        self.stdout.write(f"end of speech to last final: {_p50_p95(finals)}")
        if hastened:
            self._tell_hastened(hastened)
        self.stdout.write(f"{len(files)} traces of {self._engine.name} in {out}")

    def _play(self, name: str, frames: Iterable[bytes]) -> Played:
        try:
            return asyncio.run(play(self._engine, settings.ENVIRONMENT_TUNING, frames))
        except RecognizerError as error:
            raise CommandError(f"{error.code}: {name}: {error.message}") from error

    def _half_close(self, name: str, ulaw: bytes, end_ms: int, words: list[str]) -> list[_Hastened]:
        """Once more, half-closed behind the end of speech; nothing where there was no final."""
        fed_ms = LEAD_MS + end_ms + (settings.ENVIRONMENT_TUNING.half_close_ms or HALF_CLOSE_MS)
        played = self._play(name, islice(frames_between_noise(ulaw), -(-fed_ms // FRAME_MS)))
        if played.last_final_s is None:
            return []
        ended_s = played.began_s + (LEAD_MS + end_ms) / 1000
        return [
            _Hastened(
                round((played.last_final_s - ended_s) * 1000),
                round((played.last_final_s - played.finished_s) * 1000),
                played.words == words,
            )
        ]

    def _tell_hastened(self, hastened: list[_Hastened]) -> None:
        same = sum(one.same_words for one in hastened)
        self.stdout.write(
            f"half-closed, end of speech to last final: {_p50_p95([one.after_speech_ms for one in hastened])}; "
            f"from the half-close: {_p50_p95([one.after_half_close_ms for one in hastened])}; "
            f"the same words in {same} of {len(hastened)}"
        )

    def _tell(self, trace: Trace, speech_ms: tuple[int, int] | None) -> list[int]:
        finals = [result for result in trace.results if result.said.words and result.said.spoken is not None]
        words = " ".join(word for result in finals for word in result.said.words)
        first = f"{trace.results[0].at_ms} ms" if trace.results else "none"
        times = "; words without times" if trace.guessed_times else ""
        self.stdout.write(f"{trace.recording}: first result {first}, {len(finals)} finals{times}: {words}")
        return [finals[-1].at_ms - speech_ms[1]] if finals and speech_ms is not None else []


def _p50_p95(values_ms: Sequence[int]) -> str:
    return f"p50 {percentile(values_ms, 0.5)}, p95 {percentile(values_ms, 0.95)}"
