"""What a simulated caller's phone played, and what became of the marks in it: the truth of a call. Pure.

Instants are in samples of the call's time at 8 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MarkFate(StrEnum):
    """What became of a mark in truth."""

    REACHED = "reached"
    """The caller heard all before it."""
    CROSSED = "crossed"
    """The same, but it had not gone back when a ``clear`` came: a server may not count it as heard."""
    CLEARED = "cleared"
    """A ``clear`` dropped it."""
    DROPPED = "dropped"
    """The stream ended before it was reached."""


@dataclass(frozen=True, slots=True)
class MarkEcho:
    """A mark, its fate, and when it went back."""

    name: str
    fate: MarkFate
    at_samples: int
    """When it was reached or dropped."""
    returned_samples: int | None = None
    """None: it never came back."""


@dataclass(frozen=True, slots=True)
class ClearedAudio:
    """A ``clear``, and what it left of the answer."""

    at_samples: int
    """When it took effect."""
    unplayed_samples: int
    """What it dropped."""


@dataclass(frozen=True, slots=True)
class PlayedAudio:
    """Audio that was played without a gap, up to a mark, to the end of what was buffered, or to a ``clear``."""

    at_samples: int
    ulaw: bytes
    marks: tuple[str, ...] = ()
    """Reached at its end."""
    cut: bool = False
    """A ``clear``, or the stream's end, cut it off."""

    @property
    def ends_samples(self) -> int:
        return self.at_samples + len(self.ulaw)


@dataclass(frozen=True, slots=True)
class HeardAnswer:
    """A stretch in which the line spoke, without a pause of ANSWER_GAP_SAMPLES."""

    began_samples: int
    ended_samples: int
    """As far as it was played."""
    cut: bool = False
    """A ``clear``, or the stream's end, cut it off."""
