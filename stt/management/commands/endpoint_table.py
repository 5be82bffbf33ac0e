"""``manage.py endpoint_table --clips DIR``: how well speech's boundaries are found, by aggressiveness and noise.

DIR holds calls with timelines.json (what lies where) and, where they are, derived_silence_20s.wav and
derived_noise_only_20s.wav. The default options' rows are kept in docs/endpointing.md.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stt.audio import FRAME_BYTES, FRAME_MS
from stt.emulator.recordings import read_ulaw
from stt.endpoint import Endpointer, EndpointOptions, SpeechEnded

QUIET = bytes([0xFF]) * FRAME_BYTES
TAIL_FRAMES = 100
NOISES = {"office5dB": "5 dB", "office15dB": "15 dB", "": "clean"}


class Command(BaseCommand):
    help = "Print the table of docs/endpointing.md."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clips", type=Path, default=settings.BASE_DIR.parent / "shared" / "clips")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["clips"]
        if not (folder / "timelines.json").is_file():
            raise CommandError(f"no_recordings: {folder} has no timelines.json")
        timelines = json.loads((folder / "timelines.json").read_text("utf-8"))
        self.stdout.write("| aggressiveness | noise | found | utterances | told after the end, p50 / p90 ms |")
        self.stdout.write("|---|---|---|---|---|")
        for aggressiveness in range(4):
            for noise in reversed(NOISES):
                calls = {name: timeline for name, timeline in timelines.items() if _noise(name) == noise}
                self.stdout.write(f"| {aggressiveness} | {NOISES[noise]} {self._row(folder, calls, aggressiveness)}")
            false = [
                str(len(ends(folder / f"derived_{name}_20s.wav", aggressiveness))) for name in ("silence", "noise_only")
            ]
            self.stdout.write(f"| {aggressiveness} | silence / noise alone | – | {' / '.join(false)} | – |")
        self.stdout.write(f"\n{_cost_us(folder, next(iter(timelines))):.1f} µs a frame on this machine")

    def _row(self, folder: Path, calls: dict[str, list[dict[str, float]]], aggressiveness: int) -> str:
        found = utterances = 0
        delays: list[float] = []
        for name, timeline in calls.items():
            spans = ends(folder / name, aggressiveness)
            utterances += len(spans)
            for true in timeline:
                start_ms, end_ms = true["speech_start"] * 1000, true["speech_end"] * 1000
                mine = [told_ms for span, told_ms in spans if span.end_ms > start_ms and span.start_ms < end_ms]
                found += bool(mine)
                delays += [mine[-1] - end_ms] if mine else []
        expected = sum(map(len, calls.values()))
        p50, p90 = statistics.median(delays), sorted(delays)[int(len(delays) * 0.9)]
        return f"| {found}/{expected} | {utterances} | {p50:.0f} / {p90:.0f} |"


def ends(path: Path, aggressiveness: int) -> list[tuple[SpeechEnded, int]]:
    """A recording's utterances, each with the media time at which its end was told."""
    ulaw = read_ulaw(path)
    frames = [ulaw[i : i + FRAME_BYTES] for i in range(0, len(ulaw) - FRAME_BYTES + 1, FRAME_BYTES)]
    endpointer = Endpointer(EndpointOptions(aggressiveness=aggressiveness))
    told = []
    for i, frame in enumerate(frames + [QUIET] * TAIL_FRAMES):
        boundary = endpointer.push(frame, i * FRAME_MS)
        if isinstance(boundary, SpeechEnded):
            told.append((boundary, (i + 1) * FRAME_MS))
    return told


def _noise(name: str) -> str:
    return next((noise for noise in NOISES if noise and name.endswith(f"{noise}.wav")), "")


def _cost_us(folder: Path, name: str) -> float:
    frames = len(read_ulaw(folder / name)) // FRAME_BYTES + TAIL_FRAMES
    begun_s = time.perf_counter()
    ends(folder / name, EndpointOptions().aggressiveness)
    return (time.perf_counter() - begun_s) / frames * 1e6
