"""Does a hangover that learns the caller's own pauses pay? ``python -m benchmarks.learned_hangover``

Whole calls of one speaker each: ten recordings in random order, 1.2 to 2.5 s of line noise between them. Sentences cut
against the mean delay from the end of speech to the told end, for fixed hangovers and for learned ones. What was found
is in docs/endpointing.md; the product does not learn.
"""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE, duration_ms, frames_of
from stt.emulator.recordings import read_ulaw
from stt.endpointing.endpointer import Boundary, Endpointer, EndpointOptions, SpeechEnded, SpeechStarted
from stt.endpointing.endpointing_metrics import Figures, Sentence, hear
from tests.paths import CLIPS
from voiceapp.runtime.percentile import percentile

SPEAKERS = {"he_sas_": "sentences", "he_ashrei_": "recitation", "he_gc_": "single words"}
CALLS, RECORDINGS = 6, 10
GAP_MS = 1200, 2500
FIXED_MS = 180, 220, 260, 300, 340, 380, 420, 460, 500, 540, 600
SHORTEST_PAUSE_MS = 100
"""Less is within a word."""
RESUMED_MS = 900
"""Who speaks again within this had not finished."""
PAUSES, FEWEST = 12, 4

Recorded = tuple[list[Sentence], list[bytes]]


@dataclass(frozen=True, slots=True)
class Learning:
    low_ms: int
    high_ms: int
    share: float
    """Of the caller's pauses that the hangover should outlast."""
    margin_ms: int
    first_ms: int
    """Until FEWEST pauses are known."""


class Pauses:
    """The last pauses of one caller, and the hangover that outlasts most of them."""

    def __init__(self, learning: Learning) -> None:
        self._learning = learning
        self._last_ms: deque[int] = deque(maxlen=PAUSES)

    def add(self, ms: int) -> None:
        """A silence after which the caller spoke again."""
        if SHORTEST_PAUSE_MS <= ms < RESUMED_MS:
            self._last_ms.append(ms)

    @property
    def hangover_ms(self) -> int:
        learning = self._learning
        if len(self._last_ms) < FEWEST:
            return learning.first_ms
        wanted_ms = percentile(self._last_ms, learning.share) + learning.margin_ms
        return min(learning.high_ms, max(learning.low_ms, wanted_ms))


class LearningEndpointer(Endpointer):
    """Takes the learned hangover at each start of speech."""

    def __init__(self, learning: Learning) -> None:
        super().__init__(EndpointOptions())
        self._pauses = Pauses(learning)
        self._ended_ms = -RESUMED_MS

    def push(self, ulaw: bytes, at_ms: int) -> Boundary | None:
        spoken_to_ms = self.last_voiced_end_ms if self.speaking else None
        boundary = super().push(ulaw, at_ms)
        if spoken_to_ms is not None and self.speaking and self.voiced:
            self._pauses.add(at_ms - spoken_to_ms)
        if isinstance(boundary, SpeechEnded):
            self._ended_ms = boundary.end_ms
        elif isinstance(boundary, SpeechStarted):
            self._pauses.add(boundary.start_ms - self._ended_ms)
            self.boundaries.hangover_ms = self._pauses.hangover_ms
        return boundary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    calls = {kind: recorded_calls(parser.parse_args().clips, kind) for kind in SPEAKERS}
    print("| hangover | all: cut, ends, delay mean / p90 ms |", " | ".join(SPEAKERS.values()), "|")
    print("|---|---|---|---|---|")
    for hangover_ms in FIXED_MS:
        options = EndpointOptions(hangover_ms=hangover_ms)
        print_row(f"{hangover_ms} ms", calls, lambda options=options: Endpointer(options))
    for high_ms in (400, 600):
        for share in (0.5, 0.75, 0.9):
            for first_ms in (220, 400):
                learning = Learning(180, high_ms, share, 100, first_ms)
                name = f"learned to {high_ms} ms, {share:.0%}, first {first_ms} ms"
                print_row(name, calls, lambda learning=learning: LearningEndpointer(learning))


def print_row(name: str, calls: dict[str, list[Recorded]], make: Callable[[], Endpointer]) -> None:
    everyone, cells = Figures(), []
    for recorded in calls.values():
        speaker = Figures()
        for sentences, frames in recorded:
            found = hear(make(), frames)
            speaker.add(sentences, found)
            everyone.add(sentences, found)
        cells.append(speaker)
    print(f"| {name} |", " | ".join(map(_cell, [everyone, *cells])), "|", flush=True)


def recorded_calls(folder: Path, kind: str) -> list[Recorded]:
    """Calls of one speaker; the same at each run."""
    alignments = json.loads((folder / "alignments.json").read_text("utf-8"))
    names = [name for name in sorted(alignments) if name.startswith(kind)]
    calls = []
    for seed in range(CALLS):
        random, ulaw, sentences = Random(seed), b"", []
        for name in random.sample(names, RECORDINGS):
            ulaw += LINE_NOISE * (random.randrange(*GAP_MS, FRAME_MS))
            spoken = read_ulaw(folder / name)
            at_ms = duration_ms(ulaw)
            times = alignments[name]["words"]
            sentences.append(
                Sentence(tuple((at_ms + round(start * 1000), at_ms + round(end * 1000)) for start, end in times))
            )
            ulaw += spoken[: len(spoken) // FRAME_BYTES * FRAME_BYTES]
        calls.append((sentences, list(frames_of(ulaw + LINE_NOISE * 3000))))
    return calls


def _cell(figures: Figures) -> str:
    mean, p90 = fmean(figures.delays_ms), percentile(figures.delays_ms, 0.9)
    return f"{figures.cut}/{figures.sentences}, {figures.cuts}, {mean:.0f} / {p90}"


if __name__ == "__main__":
    main()
