"""Scenes for barge-in: what the line says, what its caller's phone gives back of it, and who speaks over it. Pure.

The line's voice is recorded speech, joined to answers of about eight seconds. Callers are other recordings, at a level
against the line's: 0 dB is as loud as we are, -12 dB a quiet caller. Behind all of it is a quiet line.
"""

from __future__ import annotations

import audioop
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from calls.lab.echo_path import Echo
from stt.audio import BYTES_PER_MS, dbfs, frames_of, pcm_to_ulaw, ulaw_to_pcm
from stt.emulator.recordings import Clip, Spoken

PLAY_MS = 8000
"""An answer lasts so long, and a little more."""
BETWEEN_MS = 250
"""From one of its recordings to the next."""
ANSWER_DBFS = -20.0
"""Level of the line's speech: as synthesised voices come."""
SPEECH_RANGE_DB = 25.0
"""What is so much below a recording's loudest frame is no speech, and does not count in its level."""
BEGINS_MS = 1500, 6000
"""So long after the answer's first sound a caller begins to speak over it."""
DELAYS_MS = 150, 400


def speech_dbfs(ulaw: bytes) -> float:
    """The level of a recording while somebody speaks in it."""
    frames = [ulaw_to_pcm(frame) for frame in frames_of(ulaw)]
    levels = [dbfs(pcm) for pcm in frames]
    least = max(levels) - SPEECH_RANGE_DB
    return dbfs(b"".join(pcm for pcm, level in zip(frames, levels, strict=True) if level > least))


def at_level(clip: Clip, level_dbfs: float) -> Clip:
    """The recording at another level of speech; what is too loud is clipped."""
    factor = 10 ** ((level_dbfs - speech_dbfs(clip.ulaw)) / 20)
    return Clip(clip.name, pcm_to_ulaw(audioop.mul(ulaw_to_pcm(clip.ulaw), 2, factor)), clip.words)


@dataclass(frozen=True, slots=True)
class LineSpeech:
    """An answer: its words, and how they sound."""

    clip: Clip

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.clip.words)

    def sound_of(self, text: str) -> bytes:
        """The sound of some of its words, from the first to the last: an answer that goes on begins in its midst.
        Raises LookupError for other words."""
        texts, wanted = [word.text for word in self.clip.words], text.split()
        for at in range(len(texts) - len(wanted) + 1):
            if wanted and texts[at : at + len(wanted)] == wanted:
                begin_ms, end_ms = self.clip.words[at].start_ms, self.clip.words[at + len(wanted) - 1].end_ms
                return self.clip.ulaw[begin_ms * BYTES_PER_MS : end_ms * BYTES_PER_MS]
        raise LookupError(text)


def line_speech(clips: Sequence[Clip], random: Random) -> LineSpeech:
    """Recordings in any order, up to PLAY_MS; none comes again before the others."""
    ulaw, words = bytearray(), list[Spoken]()
    silence = pcm_to_ulaw(bytes(2 * BETWEEN_MS * BYTES_PER_MS))
    order = cycle(random.sample(clips, len(clips)))
    while len(ulaw) < PLAY_MS * BYTES_PER_MS:
        clip = at_level(next(order), ANSWER_DBFS)
        begin_ms, end_ms = clip.words[0].start_ms, clip.words[-1].end_ms
        shift_ms = len(ulaw) // BYTES_PER_MS - begin_ms
        words += [Spoken(one.text, one.start_ms + shift_ms, one.end_ms + shift_ms) for one in clip.words]
        ulaw += clip.ulaw[begin_ms * BYTES_PER_MS : end_ms * BYTES_PER_MS] + silence
    return LineSpeech(Clip("line", bytes(ulaw), tuple(words)))


@dataclass(frozen=True, slots=True)
class BargeScene:
    """One call: the line speaks, and perhaps its caller."""

    name: str
    line: LineSpeech
    echo: Echo | None = None
    caller: Clip | None = None
    """At its level; None: nobody speaks."""
    begins_ms: int = 0
    """The caller's recording, after the first sound of the answer."""


def echo_of(level_db: float | None, gsm: bool, random: Random) -> Echo | None:
    """With any delay of DELAYS_MS. None: no echo."""
    return None if level_db is None else Echo(level_db, random.randint(*DELAYS_MS), gsm)


def lonely_scenes(
    ours: Sequence[Clip], count: int, level_db: float | None, seed: int, *, gsm: bool = False
) -> list[BargeScene]:
    """The line speaks, and nobody but its echo answers."""
    random = Random(f"{seed}/lonely/{level_db}/{gsm}")  # noqa: S311
    return [
        BargeScene(f"alone {number + 1}", line_speech(ours, random), echo_of(level_db, gsm, random))
        for number in range(count)
    ]


def spoken_over_scenes(
    ours: Sequence[Clip],
    callers: Sequence[Clip],
    count: int,
    level_db: float | None,
    against_ours_db: float,
    seed: int,
    *,
    gsm: bool = False,
) -> list[BargeScene]:
    """A caller speaks over the line, each recording in turn; ``against_ours_db``: how loud against us."""
    random = Random(f"{seed}/over/{level_db}/{against_ours_db}/{gsm}")  # noqa: S311
    return [
        BargeScene(
            f"{callers[number % len(callers)].name} {number + 1}",
            line_speech(ours, random),
            echo_of(level_db, gsm, random),
            at_level(callers[number % len(callers)], ANSWER_DBFS + against_ours_db),
            random.randint(*BEGINS_MS),
        )
        for number in range(count)
    ]
