"""A folder of recordings with transcripts, noticed in a stream of audio by their 20 ms frames.

Frames are compared byte by byte as µ-law, on the frame grid of the stream. A limit of this stand-in: whoever plays
recordings sends whole frames; audio that was shifted by part of a frame, mixed or re-encoded is not known any more, and
gets no words: none are made up.
"""

from __future__ import annotations

import audioop
import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stt.audio import FRAME_BYTES, FRAME_MS, dbfs, ulaw_to_pcm
from stt.wavfile import read_ulaw

QUIET_DBFS = -45.0
"""Frames below this level are too alike to tell recordings apart."""
MIN_WORD_MS = 120
"""Loud audio that no recording holds counts as somebody's words from this length on."""
PUNCTUATION = '.,?!:;"“”'


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word with its times in ms: of its recording, or of the stream that it was heard in."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording with its transcript's words and their times."""

    name: str
    ulaw: bytes
    words: tuple[Spoken, ...]

    def frame(self, index: int) -> bytes:
        return self.ulaw[index * FRAME_BYTES : (index + 1) * FRAME_BYTES]


class Library:
    """All recordings of some folders, found by any of their loud frames."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.recordings: list[Clip] = []
        self._at: dict[bytes, tuple[Clip, int]] = {}
        for folder in folders:
            self._load(folder)

    def add(self, found: Clip) -> None:
        """One more recording; loud frames that another one has as well stay that one's."""
        self.recordings.append(found)
        for index in range(len(found.ulaw) // FRAME_BYTES):
            frame = found.frame(index)
            if dbfs(ulaw_to_pcm(frame)) > QUIET_DBFS:
                self._at.setdefault(frame, (found, index))

    def find(self, frame: bytes) -> tuple[Clip, int] | None:
        """The recording that holds this frame, and the frame's index in it."""
        return self._at.get(frame)

    def _load(self, folder: Path) -> None:
        alignments: dict[str, dict[str, list[list[float]]]] = {}
        if (folder / "alignments.json").is_file():
            alignments = json.loads((folder / "alignments.json").read_text("utf-8"))
        with (folder / "clips.tsv").open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t"):
                name = row["name"]
                if row.get("transcript") and (folder / name).is_file():
                    self.add(read_clip(folder / name, row["transcript"], alignments.get(name)))


def words_of(transcript: str) -> list[str]:
    """A transcript's words without the punctuation at their edges."""
    return [word for raw in transcript.split() if (word := raw.strip(PUNCTUATION))]


def read_clip(path: Path, transcript: str, alignment: dict[str, list[list[float]]] | None) -> Clip:
    """A recording with word times: as aligned, else spread over the voiced time by their letters."""
    ulaw = read_ulaw(path)
    words = words_of(transcript)
    times = [(round(start * 1000), round(end * 1000)) for start, end in (alignment or {}).get("words", [])]
    if len(times) != len(words):
        times = _spread(ulaw, words)
    spoken = tuple(Spoken(word, start, end) for word, (start, end) in zip(words, times, strict=True))
    return Clip(path.name, ulaw, spoken)


def _spread(ulaw: bytes, words: list[str]) -> list[tuple[int, int]]:
    loudest = audioop.max(ulaw_to_pcm(ulaw), 2)
    loud = [
        i
        for i in range(len(ulaw) // FRAME_BYTES)
        if audioop.max(ulaw_to_pcm(ulaw[i * FRAME_BYTES : (i + 1) * FRAME_BYTES]), 2) > loudest / 20
    ]
    start_ms, end_ms = (loud[0] * FRAME_MS, (loud[-1] + 1) * FRAME_MS) if loud else (0, len(ulaw) // 8)
    letters = sum(map(len, words)) or 1
    times, at = [], float(start_ms)
    for word in words:
        length = (end_ms - start_ms) * len(word) / letters
        times.append((round(at), round(at + length)))
        at += length
    return times


MAX_SHIFT_MS = 200
"""Lost or repeated frames move a recording by this much at most; one that moves further is played again."""


class Tracker:
    """Frames of one stream in, the words that begin in it out, in the stream's time."""

    def __init__(self, library: Library) -> None:
        self.heard_ms = 0
        """Audio so far."""
        self._library = library
        self.begun: tuple[Clip, int] | None = None
        """The recording that the words last returned are of, and its start in the stream's time."""
        self._playing: tuple[Clip, int] | None = None
        self._starts_ms: dict[str, int] = {}
        """Recordings that were noticed: where each began, by its newest frame."""
        self._unknown_ms = 0

    @property
    def knows_nothing(self) -> bool:
        """Somebody may have spoken, and no recording was noticed."""
        return self.begun is None and self._unknown_ms >= MIN_WORD_MS

    def push(self, frame: bytes) -> list[Spoken]:
        """One frame; returns the words whose recording it gave away, some of them still to be spoken."""
        begin_ms = self.heard_ms
        self.heard_ms += FRAME_MS
        if self._playing is not None:
            found, index = self._playing
            if found.frame(index) == frame:
                self._playing = (found, index + 1)
                return []
            self._playing = None
        hit = self._library.find(frame)
        if hit is not None:
            return self._lock(hit, begin_ms)
        if dbfs(ulaw_to_pcm(frame)) > QUIET_DBFS:
            self._unknown_ms += FRAME_MS
        return []

    def _lock(self, hit: tuple[Clip, int], begin_ms: int) -> list[Spoken]:
        found, index = hit
        self._playing = (found, index + 1)
        start_ms = begin_ms - index * FRAME_MS
        before_ms, self._starts_ms[found.name] = self._starts_ms.get(found.name), start_ms
        if before_ms is not None and abs(start_ms - before_ms) <= MAX_SHIFT_MS:
            return []
        self.begun = (found, start_ms)
        return [
            Spoken(word.text, max(0, word.start_ms + start_ms), word.end_ms + start_ms)
            for word in found.words
            if word.start_ms + word.end_ms + 2 * start_ms >= 0
        ]
