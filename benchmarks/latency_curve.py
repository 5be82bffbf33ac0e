"""How long until the words, and how many of them wrong? ``python -m benchmarks.latency_curve --seeds 16``

One row a setting, as in docs/latency.md: human recordings in calls of ten, 0.9 s of line noise between them, through
session, Transcriber and the emulated engine in virtual time (tests/virtual.py). With ``--traces DIR`` the engine speaks
as ``manage.py probe_google`` has heard it. Latencies are emulated: end of speech to the text that is acted on.
"""

from __future__ import annotations

import argparse
import math
from bisect import bisect_left
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

from calls.core import open_utterances, utterances
from calls.core.actions import Action, AskOneShot, Feed, PauseStream, ResumeStream
from calls.core.turns import Source, Turn
from calls.whatif.scoring import Score
from stt.audio import BYTES_PER_MS, FRAME_MS
from stt.emulator.recordings import Clip, Library
from stt.emulator.timing import UNKIND, Timing
from stt.emulator.traces import load_traces
from stt.events import RecognizerEvent, StreamRenewed
from stt.tuning import Tuning
from tests.paths import CLIPS
from tests.virtual import Engine, VirtualCall, in_virtual_time
from voiceapp.runtime.percentile import percentile

PREFIXES = ("he_sas_", "he_ashrei_")
A_CALL = 10
PAUSE_MS = 900
LONG = Tuning().early_min_characters
HALF_WORD_MS = 40
"""A stream that lacks this much of a word's voice has heard only a part of it."""
NEVER = replace(UNKIND, p_half_close_forces=0.0)
SOMETIMES = replace(UNKIND, p_half_close_forces=0.5)
SLOWER = replace(UNKIND, half_close_ms=(300, 600))


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    tuning: dict[str, int] = field(default_factory=dict)
    timing: Timing = UNKIND
    rules: dict[str, int] = field(default_factory=dict)
    """Constants of calls/core/utterances.py and open_utterances.py."""


OFF = {"half_close_ms": 0}
SETTINGS = [
    Setting("never half-closed", OFF),
    Setting("…one hypothesis is enough", OFF, rules={"MIN_AGREEING": 1}),
    Setting("…confirmed where the voice ended", OFF, rules={"CONFIRMED_BEYOND_MS": 0}),
    Setting("…confirmed 500 ms beyond", OFF, rules={"CONFIRMED_BEYOND_MS": 500}),
    Setting("…`settle_ms` 0", {**OFF, "settle_ms": 0}),
    Setting("…`settle_ms` 450", {**OFF, "settle_ms": 450}),
    Setting("…`coverage_slack_ms` 100", {**OFF, "coverage_slack_ms": 100}),
    Setting("…VAD_HANGOVER_MS 300", {**OFF, "vad_hangover_ms": 300}),
    Setting("…STT_TIMEOUT_MS 1000", {**OFF, "stt_timeout_ms": 1000}),
    *(Setting(f"`half_close_ms` {ms}", {"half_close_ms": ms}) for ms in (220, 180, 160, 140, 120, 100)),
    Setting("120, `coverage_slack_ms` 200", {"coverage_slack_ms": 200}),
    Setting("120, VAD_HANGOVER_MS 300", {"vad_hangover_ms": 300}),
    Setting("120, VAD_HANGOVER_MS 400", {"vad_hangover_ms": 400}),
    Setting("120, forced in 300–600 ms", timing=SLOWER),
    Setting("120, forces every other time", timing=SOMETIMES),
    Setting("120, forces nothing", timing=NEVER),
    Setting("220, forces nothing", {"half_close_ms": 220}, timing=NEVER),
]


@dataclass(frozen=True, slots=True)
class Measured:
    """One call."""

    score: Score
    turns: tuple[tuple[Turn, str], ...]
    """With the text as first handed on."""
    minutes: float
    requests: int
    billed_s: int
    """Each request's audio in whole seconds."""
    half_words: int
    """Words whose stream has not heard their whole voice: a real engine may get them wrong, the emulator does not."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--prefix", nargs="+", default=list(PREFIXES))
    parser.add_argument("--traces", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=16)
    options = parser.parse_args()
    count = len(_recordings(options.clips, tuple(options.prefix)))
    print("| setting | wrong | ≥ 15 letters | shorter | all p95 | time-out | halved | requests, billed s a minute |")
    print("|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(max_workers=2) as pool:
        for setting in SETTINGS:
            jobs = [
                (setting, seed, first, options.clips, tuple(options.prefix), options.traces)
                for seed in range(options.seeds)
                for first in range(0, count, A_CALL)
            ]
            print(_row(setting.name, list(pool.map(measure, jobs, chunksize=4))), flush=True)


@cache
def _library(clips: Path) -> Library:
    return Library([clips])


def _recordings(clips: Path, prefixes: tuple[str, ...]) -> list[Clip]:
    return [recording for recording in _library(clips).recordings if recording.name.startswith(prefixes)]


def measure(job: tuple[Setting, int, int, Path, tuple[str, ...], Path | None]) -> Measured:
    """One call of ten recordings, from the one of this index on: setting, seed, index, folder, prefixes, traces."""
    setting, seed, first, clips, prefixes, traces = job
    engine = Engine(
        _library(clips),
        seed=f"{seed}/{first}",
        timing=setting.timing,
        traces=load_traces([traces]) if traces is not None else {},
    )
    agreeing = setting.rules.get("MIN_AGREEING", utterances.MIN_AGREEING)
    beyond_ms = setting.rules.get("CONFIRMED_BEYOND_MS", open_utterances.CONFIRMED_BEYOND_MS)
    with (
        patch.object(utterances, "MIN_AGREEING", agreeing),
        patch.object(open_utterances, "CONFIRMED_BEYOND_MS", beyond_ms),
    ):
        some = _recordings(clips, prefixes)[first : first + A_CALL]
        one = in_virtual_time(_call(engine, Tuning(**setting.tuning), some))
    fed_ms = [stream.emulated.heard_ms for stream in engine.streams] + one.one_shots_ms
    return Measured(
        score=one.score,
        turns=tuple((turn, one.first_texts[number]) for number, turn in one.turns.items()),
        minutes=one.at_ms / 60_000,
        requests=len(fed_ms),
        billed_s=sum(math.ceil(ms / 1000) for ms in fed_ms),
        half_words=one.half_words(),
    )


class _MeasuredCall(VirtualCall):
    """A call that also knows what it asked for, and which stream heard and owned what."""

    def __init__(self, engine: Engine, tuning: Tuning) -> None:
        self.one_shots_ms: list[int] = []
        self._voiced_ms: list[int] = []
        self._borders_ms: dict[int, int] = {}
        self._heard_ms: list[tuple[float, float]] = [(0, math.inf)]
        """What each stream was fed, in media time."""
        super().__init__(engine, tuning)

    def half_words(self) -> int:
        """Words of whose voice the stream that owns them has not heard all."""
        return sum(self._is_half_heard(word.start_ms, word.end_ms) for word in self.said)

    def _is_half_heard(self, start_ms: int, end_ms: int) -> bool:
        voiced = self._voiced_ms[bisect_left(self._voiced_ms, start_ms) : bisect_left(self._voiced_ms, end_ms)]
        owner = sum(1 for border_ms in self._borders_ms.values() if 2 * border_ms <= start_ms + end_ms)
        begins_ms, ends_ms = self._heard_ms[owner]
        return bool(voiced) and (voiced[0] + HALF_WORD_MS < begins_ms or voiced[-1] + FRAME_MS - HALF_WORD_MS > ends_ms)

    def _heard(self, event: RecognizerEvent) -> None:
        if isinstance(event, StreamRenewed):
            self._borders_ms[event.stream] = event.at_ms
        super()._heard(event)

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Feed) and action.voiced:
                self._voiced_ms.append(action.at_ms)
            elif isinstance(action, AskOneShot):
                self.one_shots_ms.append(len(action.ulaw) // BYTES_PER_MS)
            elif isinstance(action, PauseStream):
                self._heard_ms[-1] = self._heard_ms[-1][0], action.at_ms
            elif isinstance(action, ResumeStream):
                self._heard_ms.append((action.frames[0][0], math.inf))
        super()._perform(actions)


async def _call(engine: Engine, tuning: Tuning, recordings: Sequence[Clip]) -> _MeasuredCall:
    one = _MeasuredCall(engine, tuning)
    await one.noise(1000)
    for recording in recordings:
        await one.recording(recording)
        await one.noise(PAUSE_MS)
    await one.noise(1000)
    await one.hang_up()
    return one


def _row(name: str, calls: Sequence[Measured]) -> str:
    score = sum((call.score for call in calls), Score(0, 0, 0, 0, 0))
    kept = "" if score.kept else f" ({score.lost} lost, {score.added} added)"
    turns = [turn for call in calls for turn in call.turns]
    long = [turn for turn, text in turns if len(text) >= LONG]
    short = [turn for turn, text in turns if 0 < len(text) < LONG]
    timed_out = sum(1 for turn, _ in turns if turn.source is Source.PARTIAL)
    halved = sum(call.half_words for call in calls) / score.words
    minutes = sum(call.minutes for call in calls)
    requests, billed_s = sum(call.requests for call in calls), sum(call.billed_s for call in calls)
    return (
        f"| {name} | {100 * score.acted_wrong_share:.1f} %{kept} | {_p50_p95(long)} | {_p50_p95(short)} "
        f"| {_final_ms([turn for turn, _ in turns], 0.95)} | {100 * timed_out / len(turns):.0f} % "
        f"| {100 * halved:.1f} % | {requests / minutes:.0f}, {billed_s / minutes:.0f} |"
    )


def _p50_p95(turns: Sequence[Turn]) -> str:
    return f"{_final_ms(turns, 0.5)} / {_final_ms(turns, 0.95)}"


def _final_ms(turns: Sequence[Turn], share: float) -> str:
    ms = percentile([turn.final_ms for turn in turns if turn.final_ms is not None], share)
    return "–" if ms is None else f"{ms:.0f}"


if __name__ == "__main__":
    main()
