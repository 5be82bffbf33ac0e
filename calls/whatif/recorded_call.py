"""Reads a recognition trace into a RecordedCall: frames and what the recogniser said, each with its instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stt.audio import FRAME_BYTES, FRAME_MS
from stt.endpointing.replayed import Perceived
from stt.events import EVENT_OF, Final, RecognizerError, RecognizerEvent, StreamingLost, Word


@dataclass(frozen=True, slots=True)
class HeardFrame:
    at_ms: int
    """Media time."""
    arrived_ms: int
    perceived: Perceived


@dataclass(frozen=True, slots=True)
class HeardEvent:
    now_ms: int
    event: RecognizerEvent
    after_ms: int | None = None
    """Media time up to which frames had come; None in an older trace."""

    def precedes(self, until_ms: float, at_ms: int | None) -> bool:
        """It was heard before the frame of ``at_ms``, which comes at ``until_ms``; ``at_ms`` None: no frame comes.

        Within one millisecond only the trace can say what came first.
        """
        before_frame = at_ms is not None and self.after_ms is not None and self.after_ms <= at_ms
        return self.now_ms < until_ms or (self.now_ms == until_ms and before_frame)


@dataclass(frozen=True, slots=True)
class PlayedSound:
    """What the line played."""

    at_ms: int
    """Media time from which it was played."""
    dbfs: tuple[float, ...]
    """The level of each 20 ms, in whole dB."""

    def until(self, at_ms: int) -> PlayedSound:
        """What of it begins before a media time."""
        return PlayedSound(self.at_ms, self.dbfs[: max(0, -((self.at_ms - at_ms) // FRAME_MS))])

    @property
    def ends_ms(self) -> int:
        """Media time."""
        return self.at_ms + FRAME_MS * len(self.dbfs)


@dataclass(slots=True)
class RecordedCall:
    """One stream of a call, as its trace has it."""

    frames: list[HeardFrame] = field(default_factory=list)
    events: list[HeardEvent] = field(default_factory=list)
    """By instant."""
    plays: list[PlayedSound] = field(default_factory=list)
    """The line's own sound, in order; none in an older trace."""
    cancels_from_ms: int | None = None
    """Media time from which an echo canceller heard the call beside that sound; None where none did."""
    stopped_ms: int = 0
    timed: bool = True
    """The trace says when frames arrived; False: an older one, they are taken to have come evenly."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A stream's recording."""

    start_ms: int
    ulaw: bytes

    def frame(self, at_ms: int) -> bytes:
        begin = (at_ms - self.start_ms) * (FRAME_BYTES // FRAME_MS)
        return self.ulaw[max(0, begin) : max(0, begin + FRAME_BYTES)].ljust(FRAME_BYTES, b"\xff")


def heard_of(lines: Iterable[Mapping[str, Any]]) -> RecordedCall:
    """Reads the lines of ``trace.read_trace``. Raises ValueError, KeyError for lines that are no trace's."""
    heard = RecordedCall()
    first_at_ms: int | None = None
    for line in lines:
        if line.get("event") == "Stopped":
            heard.stopped_ms = line["now_ms"]
        elif "event" in line:
            heard.events.append(HeardEvent(line["now_ms"], _event(line), line.get("after_ms")))
        elif "plays" in line:
            heard.plays.append(PlayedSound(line["plays"], tuple(line["dbfs"])))
        elif "cleared" in line:
            cut = (sound.until(line["cleared"]) for sound in heard.plays)
            heard.plays = [sound for sound in cut if sound.dbfs]
        elif "echo" in line:
            if heard.cancels_from_ms is None and line["cancels"]:
                heard.cancels_from_ms = line["echo"]
        else:
            if first_at_ms is None:
                first_at_ms = line["frames"]
            count = len(line["voiced"])
            heard.timed = heard.timed and "arrived_ms" in line
            even = [line["frames"] - first_at_ms + FRAME_MS * i for i in range(count)]
            rows = zip(
                line.get("arrived_ms", even),
                line["dbfs"],
                line["voiced"],
                line.get("unvoiced", [False] * count),
                line.get("echoed", [False] * count),
                strict=True,
            )
            for i, (arrived_ms, *perceived) in enumerate(rows):
                heard.frames.append(HeardFrame(line["frames"] + FRAME_MS * i, arrived_ms, Perceived(*perceived)))
    if not heard.stopped_ms and heard.frames:
        heard.stopped_ms = heard.frames[-1].arrived_ms
    return heard


def _event(line: Mapping[str, Any]) -> RecognizerEvent:
    values = {name: value for name, value in line.items() if name not in ("event", "now_ms", "after_ms")}
    kind = EVENT_OF[line["event"]]
    if "words" in values:
        words = values["words"]
        values["words"] = tuple(Word(**word) for word in words) if kind is Final else tuple(words)
    if values.get("error") is not None:
        values["error"] = RecognizerError(values["error"])
    elif kind is StreamingLost:
        values["error"] = RecognizerError("unknown")
    return kind(**values)
