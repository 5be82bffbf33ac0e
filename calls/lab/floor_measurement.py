"""Measures the floor over recordings: at the defaults, by each rule alone, and as a curve of delay against pauses."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

from calls.lab.answered_scene import AnsweringSetup, Cue
from calls.lab.answering_simulation import simulate_answering
from calls.lab.emulated_answers import LLM
from calls.lab.floor_figures import Curve, DefaultFigures, FloorFigures
from calls.lab.floor_recordings import FloorRecordings
from calls.lab.floor_scenes import Noise, Scene
from calls.lab.pause_law import ARABIC, ENGLISH
from calls.reply.turn_model import SmartTurn
from stt.tuning import Tuning

FOUND, FALSE_ALARM = 0.43, 0.06
"""The emulated cue: it calls so many of the pauses in mid-turn unfinished, and so many of the ends. smart-turn's own
shares in read Hebrew sentences, at their own pauses (57 % "finished") and at their ends (16 of 17)."""
STRATA = 40
"""FOUND is kept in each of so many equal shares of the pauses, by their length."""
UNFINISHED, FINISHED = 0.2, 0.95
"""Probabilities that the emulated cue says."""
SILENCES_MS = 500, 700, 1000, 1600
CURVE_PAUSES_MS = 300, 500, 700, 900, 1100, 1350


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 16
    """Of the sentences, at the defaults."""
    numbers: int = 100
    numbers_a_rule: int = 20
    curve_rounds: int = 16
    """Where nothing is asked of a model: a cue's gain is small beside the chance of a hundred pauses."""
    model_curve_rounds: int = 3
    every: int = 1
    """One in so many recordings."""
    noises: int = 2
    """So many kinds of noise."""


FULL = Size()
QUICK = Size(rounds=1, numbers=4, numbers_a_rule=2, curve_rounds=1, model_curve_rounds=1, every=10, noises=1)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule alone, or some together."""

    english: FloorFigures
    arabic: FloorFigures
    words: FloorFigures
    numbers: FloorFigures


@dataclass(frozen=True, slots=True)
class FloorMeasurement:
    """Of one folder's recordings."""

    recordings: FloorRecordings
    seed: int = 1
    size: Size = FULL
    setup: AnsweringSetup = field(default_factory=AnsweringSetup)
    """The defaults; a test puts a wrong one here."""

    def at_defaults(self, noise: Noise) -> DefaultFigures:
        recordings, seed, size = self.recordings, self.seed, self.size
        llm = replace(self.setup, times=LLM)
        words = recordings.word_scenes(noise, seed)
        numbers = recordings.number_scenes(size.numbers, noise, seed)
        dictated = self._answered(numbers, self.setup)
        english = recordings.sentence_scenes(ENGLISH, noise, seed, size.rounds)
        return DefaultFigures(
            expected=FloorFigures([*self._answered(words, self.setup).scenes, *dictated.scenes]),
            expected_llm=self._answered([*words, *numbers[: size.numbers_a_rule]], llm),
            english=self._answered(english, self.setup),
            arabic=self._answered(recordings.sentence_scenes(ARABIC, noise, seed, size.rounds), self.setup),
            open_llm=self._answered(english[: len(recordings.sentences)], llm),
            numbers=dictated,
        )

    def by_rule(self, noise: Noise, setup: AnsweringSetup) -> RuleFigures:
        recordings, seed = self.recordings, self.seed
        return RuleFigures(
            english=self._answered(recordings.sentence_scenes(ENGLISH, noise, seed, 1), setup),
            arabic=self._answered(recordings.sentence_scenes(ARABIC, noise, seed, 1), setup),
            words=self._answered(recordings.word_scenes(noise, seed), setup),
            numbers=self._answered(recordings.number_scenes(self.size.numbers_a_rule, noise, seed), setup),
        )

    def curve(self, noise: Noise, setup: AnsweringSetup, rounds: int) -> Curve:
        """By the pause before an open turn; that before an unfinished one stays. ``rounds``: of the sentences."""
        scenes = self.recordings.sentence_scenes(ENGLISH, noise, self.seed, rounds)
        return Curve.of(self._answered(scenes, waiting(setup, pause_ms)) for pause_ms in CURVE_PAUSES_MS)

    def _answered(self, scenes: Iterable[Scene], setup: AnsweringSetup) -> FloorFigures:
        return FloorFigures(simulate_answering(scene, replace(setup, seed=self.seed)) for scene in scenes)


def waiting(setup: AnsweringSetup, pause_ms: int) -> AnsweringSetup:
    """The same with another pause before an open turn."""
    unfinished_ms = max(pause_ms, setup.tuning.answer_pause_unfinished_ms)
    tuning = replace(setup.tuning, answer_pause_ms=pause_ms, answer_pause_unfinished_ms=unfinished_ms)
    return replace(setup, tuning=tuning)


def rules(cues: dict[str, Cue]) -> dict[str, AnsweringSetup]:
    """Each rule alone, and together, by its name."""
    silence = AnsweringSetup(reads_text=False)
    setups = {f"silence of {pause_ms} ms alone": waiting(silence, pause_ms) for pause_ms in SILENCES_MS}
    setups["expected text (the defaults)"] = AnsweringSetup()
    for name, cue in cues.items():
        setups[f"{name} alone"] = replace(silence, cue=cue, tuning=Tuning(turn_model="smart_turn"))
        setups[f"expected text and {name}"] = AnsweringSetup(cue=cue, tuning=Tuning(turn_model="smart_turn"))
    return setups


def emulated_cue(seed: int) -> Cue:
    """A stand-in for smart-turn: it knows the pauses, and finds FOUND of them, of the long ones as of the short."""

    def probability(ulaw: bytes, pause_ms: int | None) -> float:
        if pause_ms is None:
            unfinished = Random(zlib.crc32(ulaw, seed)).random() < FALSE_ALARM  # noqa: S311
        else:
            # Spread evenly over the law, so that it does not hang on a few long pauses whether the cue is good.
            unfinished = (ENGLISH.share_outlasting(pause_ms) * STRATA + 0.37 * seed) % 1 < FOUND
        return UNFINISHED if unfinished else FINISHED

    return probability


def smart_turn_cue() -> Cue:
    """smart-turn itself; what it has heard it is not asked again. Raises TurnModelMissing."""
    heard = lru_cache(maxsize=None)(SmartTurn().probability)
    return lambda ulaw, pause_ms: heard(ulaw)
