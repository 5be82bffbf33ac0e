"""Measures barge-in over recordings: the line alone with its echo, callers who mean it, and those who only listen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from calls.core.echo_control import MakeCanceller
from calls.lab.barge_figures import BackchannelFigures, LonelyFigures, TakenFigures
from calls.lab.barge_scenes import BargeScene, lonely_scenes, spoken_over_scenes
from calls.lab.barge_simulation import BargeResult, simulate_barge_in
from calls.lab.sample_calls import library_of
from stt.emulator.recordings import Clip
from stt.tuning import Tuning

ECHOES_DB = (None, -20.0, -25.0, -30.0, -35.0)
AGAINST_OURS_DB = (0.0, -6.0, -12.0)
FAINT_ECHO_DB = -30.0
"""Under a louder one the rule alone is asked to find those callers only who are as loud as we are."""
BACKCHANNELS_DB = -6.0
"""People who only listen speak lower."""
OURS = ("doctor_", "apartment_")
"""The line's voices: synthetic, as a line's are. Nobody else speaks with them."""
BACKCHANNELS = ("hours_1.wav", "booking_6.wav", "answers_1.wav", "answers_5.wav")
SAMPLE_CALLERS = ("order_", "number_", "repeat_")
PEOPLE = ("he_sas_", "he_ciu_")
"""Of ../shared/clips: read sentences and short phrases."""


def is_required(echo_db: float | None, against_ours_db: float, *, canceller: bool) -> bool:
    """Callers of this level are to be taken over this echo."""
    return canceller or against_ours_db == 0 or echo_db is None or echo_db <= FAINT_ECHO_DB


@dataclass(frozen=True, slots=True)
class BargeVoices:
    """Who speaks."""

    ours: Sequence[Clip]
    callers: Sequence[Clip]
    backchannels: Sequence[Clip]
    said_by: str
    """What the callers' recordings are."""


def voices(samples: Path, people: Path | None) -> BargeVoices:
    """Of the repository's recordings, and people's where there are some. Raises RigError."""
    clips = library_of(samples, samples / "conversations").recordings
    ours = [clip for clip in clips if clip.name.startswith(OURS)]
    backchannels = [clip for clip in clips if clip.name in BACKCHANNELS]
    if people is not None:
        callers = [clip for clip in library_of(people).recordings if clip.name.startswith(PEOPLE)]
        return BargeVoices(ours, callers, backchannels, "people")
    callers = [clip for clip in clips if clip.name.startswith(SAMPLE_CALLERS)]
    return BargeVoices(ours, callers, backchannels, "synthetic samples")


@dataclass(frozen=True, slots=True)
class BargeSize:
    """How much is measured, of each row."""

    plays: int = 200
    callers: int = 60
    backchannels: int = 40


FULL = BargeSize()
QUICK = BargeSize(plays=4, callers=4, backchannels=4)


@dataclass(frozen=True, slots=True)
class BargeMeasurement:
    """At one line's settings."""

    voices: BargeVoices
    tuning: Tuning
    seed: int = 1
    size: BargeSize = FULL
    make_canceller: MakeCanceller | None = None
    """None: the rule alone."""

    def alone(self, echo_db: float | None, *, gsm: bool) -> LonelyFigures:
        return LonelyFigures.of(
            self._results(lonely_scenes(self.voices.ours, self.size.plays, echo_db, self.seed, gsm=gsm))
        )

    def taken(self, echo_db: float | None, against_ours_db: float, *, gsm: bool) -> TakenFigures:
        return TakenFigures.of(
            self._results(self._over(self.voices.callers, self.size.callers, echo_db, against_ours_db, gsm))
        )

    def backchannels(self, echo_db: float | None, *, gsm: bool) -> BackchannelFigures:
        scenes = self._over(self.voices.backchannels, self.size.backchannels, echo_db, BACKCHANNELS_DB, gsm)
        return BackchannelFigures.of(self._results(scenes))

    def _over(
        self, callers: Sequence[Clip], count: int, echo_db: float | None, against_ours_db: float, gsm: bool
    ) -> list[BargeScene]:
        return spoken_over_scenes(self.voices.ours, callers, count, echo_db, against_ours_db, self.seed, gsm=gsm)

    def _results(self, scenes: Sequence[BargeScene]) -> Iterator[BargeResult]:
        return (simulate_barge_in(scene, self.tuning, self.seed, self.make_canceller) for scene in scenes)
