"""An engine with habits that are the opposite of our emulator's: ``python -m benchmarks.opposite_engine --clips DIR``

It shares with stt/emulator only the ear that notices recordings in audio. Every habit is a switch (Habits, ``--without
NAME``). Calls of recordings, and of one short recording said again and again, are played in virtual time with
half-closing and without it; prints the words that were lost, doubled and placed. Exit code 1 when one was lost or
doubled.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random

from calls.whatif.scoring import Score
from stt.emulator.recordings import Clip, Library, Spoken, Tracker
from stt.emulator.speaker import Said
from stt.emulator.stream import frames_of
from stt.tuning import Tuning
from tests.paths import SAMPLES
from tests.virtual import Engine, VirtualCall, in_virtual_time

CLIPS_A_CALL = 10
REPEATS = 24
"""A caller's short answers in one call."""
PAUSES_MS = (300, 900)
SEGMENT_PAUSE_MS = 700
SETTINGS = {
    "half-closed at each pause": Tuning(),
    "half-closing off": Tuning(half_close_ms=0),
    "renewed every 5 to 8 s": Tuning(half_close_ms=0, renew_after_s=5, renew_latest_s=8),
}


@dataclass(frozen=True, slots=True)
class Habits:
    no_word_times: bool = True
    slow_forced_finals: bool = True
    """A half-close brings the final after 0.7 to 1.7 s."""
    two_results_a_segment: bool = True
    """A segment's final comes in two halves."""
    held_words: bool = True
    """Hypotheses lack the newest word; it comes only in the final."""
    late_finals: bool = True
    """A final comes 1.2 to 2.5 s after its segment, behind the beginning of the next utterance."""
    few_hypotheses: bool = True
    """One a second."""


HABITS = tuple(field.name for field in fields(Habits))


class OppositeStream:
    """One stream: audio in, results out, on the audio's own clock."""

    def __init__(self, library: Library, habits: Habits, random: Random) -> None:
        self._tracker = Tracker(library)
        self._habits = habits
        self._random = random
        self._coming: list[Spoken] = []
        self._segment: list[Spoken] = []
        self._due: list[tuple[float, list[Spoken]]] = []
        """Segments that are over, and when their finals come."""
        self._next_hypothesis_ms = 0.0

    @property
    def open_words(self) -> tuple[Spoken, ...]:
        return tuple(self._segment)

    @property
    def heard_ms(self) -> int:
        return self._tracker.heard_ms

    def push(self, ulaw: bytes) -> list[Said]:
        said: list[Said] = []
        for frame in frames_of(ulaw):
            self._coming += self._tracker.push(frame)
            while self._coming and self._coming[0].end_ms <= self.heard_ms:
                if self._segment and self._coming[0].start_ms - self._segment[-1].end_ms >= SEGMENT_PAUSE_MS:
                    self._end_segment()
                self._segment.append(self._coming.pop(0))
            if self._segment and self.heard_ms - self._segment[-1].end_ms >= SEGMENT_PAUSE_MS:
                self._end_segment()
            while self._due and self._due[0][0] <= self.heard_ms:
                said += self._finals(self._due.pop(0)[1])
            said += self._hypothesis()
        return said

    def finish_after_ms(self) -> float:
        return self._random.uniform(*((700, 1700) if self._habits.slow_forced_finals else (150, 350)))

    def finish(self) -> list[Said]:
        said = [one for _, words in self._due for one in self._finals(words)]
        spoken = [word for word in self._coming if word.start_ms + word.end_ms <= 2 * self.heard_ms]
        return [*said, *self._finals([*self._segment, *spoken])]

    def _end_segment(self) -> None:
        late_ms = self._random.uniform(*((1200, 2500) if self._habits.late_finals else (700, 900)))
        self._due.append((self._segment[-1].end_ms + late_ms, self._segment))
        self._segment = []

    def _hypothesis(self) -> Iterator[Said]:
        # Nothing is said of a segment before the final of the one before it.
        words = self._segment[: -1 if self._habits.held_words else None]
        if words and not self._due and self.heard_ms >= self._next_hypothesis_ms:
            self._next_hypothesis_ms = self.heard_ms + (1000 if self._habits.few_hypotheses else 100)
            yield Said(tuple(word.text for word in words), self.heard_ms)

    def _finals(self, words: Sequence[Spoken]) -> Iterator[Said]:
        middle = len(words) // 2 if self._habits.two_results_a_segment else 0
        for piece in (words[:middle], words[middle:]):
            if piece:
                yield Said(tuple(word.text for word in piece), piece[-1].end_ms, spoken=tuple(piece))


@dataclass
class OppositeEngine(Engine):
    """In the emulator's place in a virtual call. ``habits``: of its streams."""

    habits: Habits = Habits()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.habits.no_word_times:
            self.listed = lambda count: ()

    def new_stream(self, seed: str) -> tuple[OppositeStream, OppositeStream]:
        stream = OppositeStream(self.library, self.habits, Random(seed))
        return stream, stream


def play(library: Library, clips: Sequence[Clip], tuning: Tuning, habits: Habits, seed: str, pause_ms: int) -> Score:
    async def run() -> Score:
        call = VirtualCall(OppositeEngine(library, seed=seed, habits=habits), tuning)
        await call.noise(1000)
        for clip in clips:
            await call.recording(clip)
            await call.noise(pause_ms)
        await call.noise(1000)
        return await call.hang_up()

    return in_virtual_time(run())


def hunt(library: Library, clips: Sequence[Clip], tuning: Tuning, habits: Habits, seeds: Sequence[int]) -> Score:
    """Every clip once, in calls of CLIPS_A_CALL, for each seed and pause."""
    score = Score(0, 0, 0, 0, 0)
    for seed in seeds:
        for pause_ms in PAUSES_MS:
            for first in range(0, len(clips), CLIPS_A_CALL):
                some = clips[first : first + CLIPS_A_CALL]
                score += play(library, some, tuning, habits, f"{seed}/{first}", pause_ms)
    return score


def repeats(library: Library, clip: Clip, tuning: Tuning, habits: Habits, seeds: Sequence[int]) -> Score:
    """One short answer, said again and again."""
    score = Score(0, 0, 0, 0, 0)
    for seed in seeds:
        for pause_ms in PAUSES_MS:
            score += play(library, [clip] * REPEATS, tuning, habits, str(seed), pause_ms)
    return score


def shortest(clips: Sequence[Clip]) -> Clip:
    """Of one word, if there is one."""
    return min(clips, key=lambda clip: (len(clip.words), len(clip.ulaw)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=SAMPLES, help="folder of recordings")
    parser.add_argument("--prefix", nargs="*", default=[""], help="only recordings whose name begins so")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], choices=HABITS, help="habits that it lacks")
    options = parser.parse_args()
    library = Library([options.clips])
    clips = [one for one in library.recordings if one.name.startswith(tuple(options.prefix))]
    habits = replace(Habits(), **dict.fromkeys(options.without, False))
    seeds = range(1, options.seeds + 1)
    kept = True
    for name, tuning in SETTINGS.items():
        for what, score in (
            ("recordings", hunt(library, clips, tuning, habits, seeds)),
            ("one answer again and again", repeats(library, shortest(library.recordings), tuning, habits, seeds)),
        ):
            kept = kept and score.kept
            placed = f"{100 * score.placed_share:.1f} % placed"
            print(
                f"{name}, {what}: {score.words} words, {score.lost} lost, {score.added} doubled, {placed}", flush=True
            )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
