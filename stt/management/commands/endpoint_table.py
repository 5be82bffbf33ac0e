"""``manage.py endpoint_table --clips DIR``: how well speech's boundaries are found, by voice detector and noise.

DIR holds the human sentences with alignments.json (their words' times), calls with timelines.json (what lies where),
noise_office.wav, and recordings without speech. Silero's rows come where it is installed. The figures are kept in
docs/endpointing.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stt.audio import LINE_NOISE, frames_of, ulaw_to_pcm
from stt.endpointing import silero
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.endpointing_metrics import Figures, Sentence, hear, in_noise
from stt.wavfile import read_ulaw
from voiceapp.runtime.percentile import percentile

NOISES = {"clean": None, "15 dB": 15, "5 dB": 5}
CALL_ENDINGS = {"clean": "", "15 dB": "_office15dB", "5 dB": "_office5dB"}
CALLS = "derived_call_01", "derived_call_03_long"
NOBODY = "derived_silence_20s", "derived_noise_only_20s", "noise_office"
KINDS = {"he_sas_": "sentences", "he_ashrei_": "recitation"}
HANGOVERS_MS = 180, 220, 260, 300, 400, 500, 600
CLOSER_MS = 220, 400
LEAD_MS, TAIL_MS = 1000, 3000
NOISE_STEP_MS = 700
"""Each sentence meets the noise at another place."""

Engine = Callable[[int], Endpointer]
Recorded = tuple[list[Sentence], list[bytes]]
"""What was said, and the frames."""


class Command(BaseCommand):
    help = "Print the tables of docs/endpointing.md."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clips", type=Path, default=settings.BASE_DIR.parent / "shared" / "clips")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["clips"]
        for name in ("timelines.json", "alignments.json"):
            if not (folder / name).is_file():
                raise CommandError(f"no_recordings: {folder} has no {name}")
        engines = _engines()
        if not silero.installed():
            self.stderr.write("without Silero: pip install -r requirements-silero.txt")
        self._calls(folder, engines)
        said = {noise: {kind: list(_sentences(folder, kind, db)) for kind in KINDS} for noise, db in NOISES.items()}
        self._cut_offs(said, engines)
        self._closer(said, {name: engines[name] for name in ("webrtc 2", "silero") if name in engines})
        self._cost(said["5 dB"]["he_sas_"], engines)

    def _row(self, *cells: object) -> None:
        self.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |")

    def _head(self, *cells: str) -> None:
        self.stdout.write("")
        self._row(*cells)
        self.stdout.write(f"|{'---|' * len(cells)}")

    def _calls(self, folder: Path, engines: dict[str, Engine]) -> None:
        self._head(
            "", "noise", "found", "ends in mid-speech", "false starts", "start clipped ms", "told after the end ms"
        )
        for name, engine in engines.items():
            for noise, ending in CALL_ENDINGS.items():
                figures = _figures([_call(folder, f"{call}{ending}.wav") for call in CALLS], engine, 220)
                found = f"{figures.found}/{figures.sentences}"
                clipped, told = _spread(figures.clipped_ms), _spread(figures.delays_ms)
                self._row(name, noise, found, figures.cuts, figures.false_starts, clipped, told)
            nobody = _figures(
                [([], list(frames_of(read_ulaw(folder / f"{name}.wav")))) for name in NOBODY], engine, 220
            )
            self._row(name, "nobody speaks", "", "", nobody.false_starts, "", "")

    def _cut_offs(self, said: dict[str, dict[str, list[Recorded]]], engines: dict[str, Engine]) -> None:
        self._head("", "noise", *(f"{hangover_ms} ms" for hangover_ms in HANGOVERS_MS))
        for noise, kinds in said.items():
            recorded = [one for kind in kinds.values() for one in kind]
            for name, engine in engines.items():
                cells = []
                for hangover_ms in HANGOVERS_MS:
                    figures = _figures(recorded, engine, hangover_ms)
                    cells.append(f"{figures.cut} · {fmean(figures.delays_ms):.0f}")
                self._row(name, noise, *cells)

    def _closer(self, said: dict[str, dict[str, list[Recorded]]], engines: dict[str, Engine]) -> None:
        self._head(
            "", "noise", "", "hangover", "cut", "ends", "words behind", "torn", "missed", "told after the end ms"
        )
        for noise, kinds in said.items():
            for kind, recorded in kinds.items():
                for hangover_ms in CLOSER_MS:
                    for name, engine in engines.items():
                        f = _figures(recorded, engine, hangover_ms)
                        self._row(
                            name,
                            noise,
                            KINDS[kind],
                            hangover_ms,
                            f"{f.cut}/{f.sentences}",
                            f.cuts,
                            f"{f.cut_words}/{f.words}",
                            f.torn,
                            f.sentences - f.found,
                            _spread(f.delays_ms),
                        )

    def _cost(self, recorded: list[Recorded], engines: dict[str, Engine]) -> None:
        self.stdout.write("")
        frames = [frame for _, frames in recorded for frame in frames]
        for name, engine in engines.items():
            endpointer = engine(220)
            begun_s = time.process_time()
            hear(endpointer, frames)
            cost_us = (time.process_time() - begun_s) / len(frames) * 1e6
            self.stdout.write(f"{name}: {cost_us:.1f} µs of CPU a frame, all of the endpointer")


def _engines() -> dict[str, Engine]:
    engines: dict[str, Engine] = {f"webrtc {mode}": _webrtc(mode) for mode in range(4)}
    if silero.installed():
        model = silero.SileroModel()
        engines["silero"] = lambda hangover_ms: Endpointer(
            EndpointOptions(hangover_ms=hangover_ms), silero.SileroVad(model.ask)
        )
    return engines


def _webrtc(mode: int) -> Engine:
    return lambda hangover_ms: Endpointer(EndpointOptions(hangover_ms=hangover_ms, aggressiveness=mode))


def _figures(recorded: list[Recorded], engine: Engine, hangover_ms: int) -> Figures:
    figures = Figures()
    for sentences, frames in recorded:
        figures.add(sentences, hear(engine(hangover_ms), frames))
    return figures


def _spread(values: list[int]) -> str:
    return f"{percentile(values, 0.5)} / {percentile(values, 0.9)}" if values else ""


def _call(folder: Path, name: str) -> Recorded:
    timeline = json.loads((folder / "timelines.json").read_text("utf-8"))[name]
    spans = [(round(said["speech_start"] * 1000), round(said["speech_end"] * 1000)) for said in timeline]
    return [Sentence((span,)) for span in spans], list(frames_of(read_ulaw(folder / name) + _line(TAIL_MS)))


def _sentences(folder: Path, kind: str, snr_db: float | None) -> Iterator[Recorded]:
    """Each with line noise around it, and all of it with office noise at so much below the speech."""
    noise = ulaw_to_pcm(read_ulaw(folder / "noise_office.wav"))
    alignments = json.loads((folder / "alignments.json").read_text("utf-8"))
    for index, name in enumerate(sorted(alignments)):
        if not name.startswith(kind):
            continue
        times = alignments[name]["words"]
        words = tuple((LEAD_MS + round(start * 1000), LEAD_MS + round(end * 1000)) for start, end in times)
        sentence, ulaw = Sentence(words), _line(LEAD_MS) + read_ulaw(folder / name) + _line(TAIL_MS)
        if snr_db is not None:
            ulaw = in_noise(ulaw, sentence, noise, snr_db, index * NOISE_STEP_MS)
        yield [sentence], list(frames_of(ulaw))


def _line(ms: int) -> bytes:
    return LINE_NOISE * ms
