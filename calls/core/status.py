"""What a supervisor is shown of a running call, beside its words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stt.audio import FRAME_MS
from stt.endpointing.boundaries import START_FRAMES

BEGINS_WITHIN_MS = START_FRAMES * FRAME_MS
"""Behind a voiced frame: without another one no speech begins any more."""
SILENT_LINE_MS = 1500
"""Without a frame for this long, nothing is heard: Twilio sends fifty a second, also of silence."""
UNHEARD_SHOWN_MS = 3000
"""Voice for this long without a result: Google pauses for 2 to 3 s at times."""


class LineActivity(StrEnum):
    """What is on the line."""

    LISTENING = "listening"
    SPEAKING = "speaking"
    NOTHING = "nothing"
    """No frames, or voice from which the recogniser makes no word."""

    @classmethod
    def of(cls, *, silent: bool, speaking: bool) -> LineActivity:
        return cls.NOTHING if silent else cls.SPEAKING if speaking else cls.LISTENING


class RecognizerActivity(StrEnum):
    """Who hears the call."""

    STREAM = "stream"
    ONE_SHOT = "one_shot"
    """By its settings: streaming is off."""
    DEAF = "deaf"
    """The stream was renewed because it said nothing, and has said nothing since."""
    DOWN = "down"
    """No stream can be opened: utterances go to the one-shot recogniser."""


@dataclass(frozen=True, slots=True)
class VoicedRun:
    """Voice without a silence as long as the hangover in it; also before it is long enough to be an utterance."""

    from_ms: float
    """Monotonic instant at which its first voiced frame arrived."""
    last_ms: float
    """The same of its newest."""
    voiced_ms: int
    """Its voiced frames together, and the short holes of speech between them (calls/core/voice_meter.py)."""

    @property
    def over_ms(self) -> float:
        """Monotonic instant from which on no speech begins with it, without another voiced frame."""
        return self.last_ms + BEGINS_WITHIN_MS


@dataclass(frozen=True, slots=True)
class CallerActivity:
    """Whether the caller speaks, as whoever answers has to know."""

    speaking: bool = False
    last_spoken_ms: float | None = None
    """Monotonic instant at which the last voiced frame of the last ended utterance arrived; None before the first."""
    last_utterance: int = 0
    """The number of that utterance, which its turn has too; 0 before the first."""
    run: VoicedRun | None = None
    """The newest voice, which may be over; None before the first."""


@dataclass(frozen=True, slots=True)
class CallStatus:
    """One look at a call."""

    shows: LineActivity
    hears: RecognizerActivity
    results: int
    """Results with words so far: that it grows is the sign of life."""
    quiet_by: str = ""
    """Who keeps the line from answering: a supervisor's name; empty while nobody does."""
    stand_in: str = ""
    """The engine that hears, as rows call it, in place of the one that the call began with; empty: that one."""
