"""What a simulated caller says, frame by frame: recordings at fixed pauses, or clips that answer the line. Pure.

A scripted caller listens: it speaks after the line's answer was heard to its end, over it, or at a time. Time is the
index of the 20 ms frame that is spoken next; what the line said comes from Playout.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from calls.lab.played_audio import HeardAnswer
from calls.lab.playout import ANSWER_GAP_SAMPLES, Playout
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, LINE_NOISE, dbfs, ulaw_to_pcm
from voiceapp.runtime.coded_error import CodedError

QUIET_DBFS = -45.0
"""Frames below this at a clip's end are no speech: the line may answer while they are still sent."""
HANG_UP = "hang-up"
"""In place of a clip: the caller hangs up at this cue."""
LONGEST_CUE_MS = 3_600_000
_STEP = re.compile(r"(?P<what>.+)@(?:(?P<cue>after-heard|over)(?:\+(?P<ms>\d+)(?:ms)?)?|(?P<s>\d+(?:\.\d+)?)s)")

_INTERRUPTION = re.compile(r"(?P<clip>.+)@(?P<ms>\d+)(?:ms)?")


class ScriptError(CodedError, ValueError):
    """``bad_script``: a step of the script cannot be read."""


class Cue(StrEnum):
    """What a caller waits for."""

    AFTER_HEARD = "after-heard"
    """The line's answer was heard to its end: no ``clear`` cut it, and nothing was left to play for 300 ms."""
    OVER = "over"
    """The line has begun to answer."""
    AT = "at"
    """A time of the call."""


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A clip and its cue. A step waits for the one before it: a clip is never spoken before the last one's end."""

    clip: Path | None
    """None: hang up."""
    cue: Cue
    ms: int = 0
    """AFTER_HEARD: from the answer's last sample (so 300 at least). OVER: from its first. AT: from the first frame."""


def read_step(text: str) -> ScriptStep:
    """``clip.wav@after-heard+500``, ``clip.wav@over+500``, ``clip.wav@12.5s``, and ``hang-up`` for the clip.

    Raises ScriptError."""
    found = _STEP.fullmatch(text)
    ms = 0 if found is None else round(float(found["s"]) * 1000) if found["s"] else int(found["ms"] or 0)
    if found is None or ms > LONGEST_CUE_MS:
        raise ScriptError("bad_script", f"{text!r}: write it as clip.wav@after-heard+500, clip.wav@over+500 or @12.5s.")
    clip = None if found["what"] == HANG_UP else Path(found["what"])
    return ScriptStep(clip, Cue(found["cue"] or Cue.AT), ms)


def read_interruption(text: str) -> ScriptStep:
    """``clip.wav@600``: a step that speaks over the line. Raises ScriptError."""
    found = _INTERRUPTION.fullmatch(text)
    if found is None or int(found["ms"]) > LONGEST_CUE_MS:
        raise ScriptError("bad_script", f"{text!r}: write an interruption as clip.wav@600, in ms.")
    return ScriptStep(Path(found["clip"]), Cue.OVER, int(found["ms"]))


def answering_steps(clips: Sequence[Path], lead_s: float, pause_s: float) -> tuple[ScriptStep, ...]:
    """The first clip after the lead, each other one so long after the line was heard."""
    begin = [ScriptStep(clip, Cue.AT, round(lead_s * 1000)) for clip in clips[:1]]
    return (*begin, *(ScriptStep(clip, Cue.AFTER_HEARD, round(pause_s * 1000)) for clip in clips[1:]))


class EndedBy(StrEnum):
    """Who ended a simulated call."""

    CALLER = "caller"
    """It has said everything, or its script hangs up."""
    TOO_LONG = "too_long"
    """The bound on the call's length was reached with the script unfinished."""
    LINE = "line"


class SpokenClip(NamedTuple):
    """A recording that the caller spoke, in ms of the call's time (0: the first frame)."""

    name: str
    start_ms: int
    end_ms: int


class CallerVoice(Protocol):
    """The caller's side of a call."""

    spoken: list[SpokenClip]
    end: EndedBy
    """Why ``frame`` gave None."""

    @property
    def unspoken(self) -> int:
        """Recordings that are still to be said."""

    def frame(self, index: int, line: Playout) -> bytes | None:
        """The call's 20 ms frame of this index; None to hang up. Indices grow, and skip where no stream was open."""


class RecordedCaller:
    """Recordings one behind the other, line noise between them, whatever the line says."""

    def __init__(
        self,
        recordings: Sequence[tuple[str, bytes]],
        random: Random,
        *,
        lead_s: float,
        pauses_s: Sequence[float],
        tail_s: float,
    ) -> None:
        """``pauses_s``: before each recording but the first; the last value repeats."""
        self.spoken: list[SpokenClip] = []
        self.end = EndedBy.CALLER
        self.unspoken = 0
        self._frames: list[bytes] = []
        for index, (name, ulaw) in enumerate(recordings):
            pause_s = lead_s if index == 0 else pauses_s[min(index, len(pauses_s)) - 1]
            self._frames += (noise(random) for _ in range(_frames_in(pause_s)))
            start = len(self._frames)
            self._frames += padded_frames(ulaw)
            self.spoken.append(SpokenClip(name, start * FRAME_MS, len(self._frames) * FRAME_MS))
        self._frames += (noise(random) for _ in range(_frames_in(tail_s)))

    def frame(self, index: int, line: Playout) -> bytes | None:
        return self._frames[index] if index < len(self._frames) else None


class ScriptedCaller:
    """Clips at their cues, line noise between them. After the last it waits for the line's answer, and hangs up when
    nothing more came for ``tail_s``. Interruptions wait beside them, in their own order, each for an answer that begins
    after the clip before and still sounds ``ms`` after its first sound."""

    def __init__(
        self,
        steps: Sequence[ScriptStep],
        random: Random,
        *,
        read: Callable[[Path], bytes],
        tail_s: float,
        longest_s: float,
        interruptions: Sequence[ScriptStep] = (),
        on_spoken: Callable[[int], object] = lambda _: None,
    ) -> None:
        """``read``: a clip's µ-law; all are read here. ``longest_s``: it hangs up then, whatever is left.
        ``on_spoken`` is told that the first, the second... clip begins."""
        self.spoken: list[SpokenClip] = []
        self.end = EndedBy.CALLER
        self._steps, self._interruptions = (
            deque((step, list(padded_frames(read(step.clip))) if step.clip else []) for step in waiting)
            for waiting in (steps, interruptions)
        )
        self._random = random
        self._tail_ms = tail_s * 1000
        self._longest_ms = longest_s * 1000
        self._on_spoken = on_spoken
        self._clip: list[bytes] = []
        """The clip that was begun last, its place (the index of its first frame), and where its speech ends."""
        self._clip_index = 0
        self._speech_ends_samples = 0

    @property
    def unspoken(self) -> int:
        return sum(bool(step.clip) for step, _ in (*self._steps, *self._interruptions))

    def frame(self, index: int, line: Playout) -> bytes | None:
        if index * FRAME_MS >= self._longest_ms:
            self.end = EndedBy.TOO_LONG
            return None
        if index < self._clip_index + len(self._clip):
            return self._clip[index - self._clip_index]
        if self._interruptions and line.buffered_samples and self._is_due(self._interruptions[0][0], index, line):
            return self._begin(*self._interruptions.popleft(), index)
        if not self._steps:
            return None if self._is_heard(index, line, self._tail_ms) else noise(self._random)
        if self._is_due(self._steps[0][0], index, line):
            return self._begin(*self._steps.popleft(), index)
        return noise(self._random)

    def _begin(self, step: ScriptStep, clip: list[bytes], index: int) -> bytes | None:
        if step.clip is None:
            return None
        self.spoken.append(SpokenClip(step.clip.name, index * FRAME_MS, (index + len(clip)) * FRAME_MS))
        self._clip, self._clip_index = clip, index
        self._speech_ends_samples = (index + speech_frames(clip)) * FRAME_BYTES
        self._on_spoken(len(self.spoken))
        return clip[0]

    def _is_due(self, step: ScriptStep, index: int, line: Playout) -> bool:
        match step.cue:
            case Cue.AT:
                return index * FRAME_MS >= step.ms
            case Cue.AFTER_HEARD:
                return self._is_heard(index, line, step.ms)
            case Cue.OVER:
                begun = self._clip_index * FRAME_BYTES
                return any(
                    answer.began_samples >= begun
                    and index * FRAME_BYTES >= answer.began_samples + step.ms * BYTES_PER_MS
                    for answer in self._answers(line)
                )

    def _is_heard(self, index: int, line: Playout, after_ms: float) -> bool:
        """An answer was heard to its end, and nothing for this long since."""
        answers = self._answers(line)
        quiet_samples = index * FRAME_BYTES - line.answers[-1].ended_samples if answers else 0
        whole = any(not answer.cut for answer in answers)
        return whole and quiet_samples >= max(ANSWER_GAP_SAMPLES, after_ms * BYTES_PER_MS)

    def _answers(self, line: Playout) -> Sequence[HeardAnswer]:
        """Those that sounded after the last clip's speech: what sounded only while the caller spoke answers nothing."""
        return [answer for answer in line.answers if answer.ended_samples > self._speech_ends_samples]


def padded_frames(ulaw: bytes) -> Iterator[bytes]:
    """20 ms frames, the last one filled with silence."""
    return (ulaw[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff") for at in range(0, len(ulaw), FRAME_BYTES))


def speech_frames(frames: Sequence[bytes]) -> int:
    """Up to the end of a clip's speech: what is quiet behind it is no speech."""
    return max((at + 1 for at, frame in enumerate(frames) if _is_loud(frame)), default=0)


def noise(random: Random) -> bytes:
    """A frame of a quiet line."""
    return bytes(random.choices(LINE_NOISE, k=FRAME_BYTES))


def _is_loud(frame: bytes) -> bool:
    return dbfs(ulaw_to_pcm(frame)) > QUIET_DBFS


def _frames_in(seconds: float) -> int:
    return round(seconds * 1000 / FRAME_MS)
