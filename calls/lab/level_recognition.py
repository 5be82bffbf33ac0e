"""The emulated recogniser of a line with an echo: it hears each word whose sound is loud enough in what it is fed.

A recording that an echo is mixed with is not known by its frames (stt/emulator/recordings.py). Here the scene says
which word sounds when, the caller's and those that come back of ours. One is heard when the audio that the product
feeds is loud where the word ends, and unless a louder one covers it: so what an echo canceller took out gets no words.
Words are right and in their order: it is emulated, and kinder than an engine under two voices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from calls.core.actions import AskOneShot, Feed
from calls.lab.virtual_recognition import VirtualStream
from stt.audio import BYTES_PER_MS, FRAME_BYTES, dbfs, ulaw_to_pcm
from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said, Speaker
from stt.emulator.timing import UNKIND, Timing
from stt.engines.base import Deliver
from stt.events import OneShotDone

HEARD_DBFS = -58.0
"""Quieter words are not heard. An engine adapts its level: an echo of -35 dB is heard."""
COVERED = 0.5
"""A louder word hides one of which it covers so much."""


@dataclass(frozen=True, slots=True)
class SoundingWord:
    """A word on the line, in ms of media time."""

    text: str
    start_ms: int
    end_ms: int
    level_dbfs: float

    def is_hidden_by(self, other: SoundingWord) -> bool:
        shared_ms = min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms)
        return other.level_dbfs > self.level_dbfs and shared_ms >= COVERED * (self.end_ms - self.start_ms)


class LevelRecognition:
    """One call's engine."""

    def __init__(self, seed: str, timing: Timing = UNKIND) -> None:
        self._timing, self._random = timing, Random(seed)  # noqa: S311
        self._words: list[SoundingWord] = []
        self._places: dict[bytes, int] = {}
        """Media time of each frame that was fed: a stream is told its audio alone."""

    def sounds(self, words: Iterable[SoundingWord]) -> None:
        """These words are on the line, or will be."""
        self._words += words

    def fed(self, action: Feed) -> None:
        """Before the same is given to the Transcriber."""
        self._places[action.ulaw] = action.at_ms

    def open_stream(self, deliver: Deliver) -> VirtualStream:
        speaker = Speaker(self._timing, Random(self._random.random()))  # noqa: S311
        return VirtualStream(LevelStream(self, speaker), deliver)

    def one_shot(self, action: AskOneShot) -> tuple[float, OneShotDone]:
        heard = self.heard(action.ulaw, self.place_of(action.ulaw), 0)
        words = tuple(word.text for word in heard)
        return self._random.uniform(*self._timing.recognize_ms), OneShotDone(action.utterance, words)

    def place_of(self, ulaw: bytes) -> int:
        """Media time of a stretch that begins with a frame that was fed."""
        return self._places.get(ulaw[:FRAME_BYTES], 0)

    def heard(self, ulaw: bytes, at_ms: int, ended_after_ms: int) -> list[SoundingWord]:
        """Words in audio that was fed and begins at a media time, in their order: those that end in it, later than
        ``ended_after_ms``."""
        until_ms = at_ms + len(ulaw) // BYTES_PER_MS
        ended = [word for word in self._words if ended_after_ms < word.end_ms <= until_ms and word.start_ms >= at_ms]
        heard = [word for word in ended if not any(word.is_hidden_by(other) for other in self._words)]
        return sorted((word for word in heard if _is_loud(word, ulaw, at_ms)), key=lambda word: word.start_ms)


class LevelStream:
    """One stream."""

    def __init__(self, recognition: LevelRecognition, speaker: Speaker) -> None:
        self._recognition, self._speaker = recognition, speaker
        self._ulaw = bytearray()
        self._at_ms: int | None = None
        self._told_ms = 0

    def push(self, ulaw: bytes) -> list[Said]:
        if self._at_ms is None:
            self._at_ms = self._recognition.place_of(ulaw)
        self._ulaw += ulaw
        words = self._recognition.heard(bytes(self._ulaw), self._at_ms, self._told_ms)
        self._told_ms = self._at_ms + self._heard_ms
        self._speaker.expect(
            [Spoken(word.text, word.start_ms - self._at_ms, word.end_ms - self._at_ms) for word in words]
        )
        return self._speaker.hear(self._heard_ms)

    def finish_after_ms(self) -> float:
        return self._speaker.finish_after_ms(self._heard_ms)[0]

    def finish(self) -> list[Said]:
        return self._speaker.finish(self._heard_ms)

    @property
    def _heard_ms(self) -> int:
        return len(self._ulaw) // BYTES_PER_MS


def _is_loud(word: SoundingWord, ulaw: bytes, at_ms: int) -> bool:
    """Its second half: of one that was cut off in its middle nobody hears a word."""
    middle_ms = (word.start_ms + word.end_ms) // 2
    part = ulaw[(middle_ms - at_ms) * BYTES_PER_MS : (word.end_ms - at_ms) * BYTES_PER_MS]
    return dbfs(ulaw_to_pcm(part)) >= HEARD_DBFS
