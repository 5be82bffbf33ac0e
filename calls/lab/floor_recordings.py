"""Recordings for the floor's scenes: which clips of a folder are sentences, single words and dictated digits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from calls.lab.floor_scenes import CLEAN, DIGITS, Noise, Scene, number_scenes, sentence_scenes, word_scenes
from calls.lab.pause_law import PauseLaw
from calls.lab.sample_calls import library_of
from stt.audio import ulaw_to_pcm
from stt.emulator.recordings import Clip, Spoken
from stt.wavfile import read_ulaw

SENTENCES = ("he_sas_", "he_ciu_")
"""Read sentences and short phrases."""
RECITATION = "he_ashrei_"
"""Verses, recited slowly: an end of one sounds like its middle."""
WORDS = ("he_gc_geo_", "he_gc_col_", *(f"he_gc_num_{digit}." for digit in range(10)))
NUMBERS = "he_gc_num_"
OFFICE_DB = 15


@dataclass(frozen=True, slots=True)
class FloorRecordings:
    """One folder's."""

    name: str
    sentences: Sequence[Clip]
    words: Sequence[Clip]
    """Short answers, each to a question that expects it."""
    digits: Mapping[str, Sequence[tuple[Clip, Spoken]]]
    """By the digit's word."""
    noises: Sequence[Noise] = (CLEAN,)
    recitation: Sequence[Clip] = ()
    synthetic: bool = False

    def some(self, every: int, noises: int) -> FloorRecordings:
        """One in so many sentences and short answers, and so many of the noises."""
        return replace(
            self,
            sentences=self.sentences[::every],
            words=self.words[::every],
            noises=self.noises[:noises],
            recitation=self.recitation[::every],
        )

    def recited(self) -> FloorRecordings:
        """The recitation in place of the sentences."""
        return replace(self, name="recitation", sentences=self.recitation, recitation=())

    def sentence_scenes(self, law: PauseLaw, noise: Noise, seed: int, rounds: int) -> list[Scene]:
        """Each sentence ``rounds`` times, with other pauses."""
        return [
            scene
            for number in range(rounds)
            for scene in sentence_scenes(self.sentences, law, noise, 1000 * seed + number, synthetic=self.synthetic)
        ]

    def word_scenes(self, noise: Noise, seed: int) -> list[Scene]:
        return word_scenes(self.words, noise, seed)

    def number_scenes(self, count: int, noise: Noise, seed: int) -> list[Scene]:
        return number_scenes(self.digits, count, noise, seed)


def people(folder: Path) -> FloorRecordings:
    """The human recordings of ../shared/clips. Raises RigError where there are none."""
    clips = library_of(folder).recordings
    with_times = json.loads((folder / "alignments.json").read_text("utf-8"))
    aligned = [clip for clip in clips if clip.name in with_times]
    return FloorRecordings(
        "people",
        [clip for clip in aligned if clip.name.startswith(SENTENCES)],
        [clip for clip in clips if clip.name.startswith(WORDS)],
        _digits_in([clip for clip in clips if clip.name.startswith(NUMBERS) and len(clip.words) == 1]),
        [CLEAN, Noise(f"{OFFICE_DB} dB", ulaw_to_pcm(read_ulaw(folder / "noise_office.wav")), OFFICE_DB)],
        recitation=[clip for clip in aligned if clip.name.startswith(RECITATION)],
    )


def samples(folder: Path) -> FloorRecordings:
    """The repository's own, which are synthetic. Raises RigError where there are none."""
    clips = library_of(folder).recordings
    answers = [clip for clip in clips if clip.words[0].text in ("כן", "לא")]
    return FloorRecordings(
        "samples",
        [clip for clip in clips if len(clip.words) > 2 and clip not in answers],
        answers,
        _digits_in(clips),
        synthetic=True,
    )


def _digits_in(clips: Sequence[Clip]) -> dict[str, list[tuple[Clip, Spoken]]]:
    found: dict[str, list[tuple[Clip, Spoken]]] = defaultdict(list)
    for clip in clips:
        for word in clip.words:
            if word.text in DIGITS:
                found[word.text].append((clip, word))
    return dict(found)
