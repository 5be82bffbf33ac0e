"""What a CallSession asks of its shell. Frozen, and nothing else: *messages and events in, actions out*. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from calls.core.messages import Start
from calls.core.turns import Turn
from stt.audio import FLOOR_DBFS


@dataclass(frozen=True, slots=True)
class CallBegun:
    """The stream has started: the call's record can be opened."""

    start: Start


class Feed(msgspec.Struct, frozen=True, gc=False):
    """Give this frame to the recogniser; and what the endpointer perceived in it, for the trace."""

    ulaw: bytes
    at_ms: int
    level_dbfs: float = FLOOR_DBFS
    voiced: bool = False
    """Taken for speech."""
    unvoiced: bool = False
    """Taken for speech, and listened to for a voice's pitch in vain (stt/endpointing/endpointer.py)."""
    echoed: bool = False
    """A voice, and taken for our own, given back (calls/core/echo_gate.py)."""
    line_ulaw: bytes = b""
    """The frame as it came, where ``ulaw`` is what an echo canceller left of it."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Something was decided on the media path that the pump should see at once: call ``tick``."""


@dataclass(frozen=True, slots=True)
class AskOneShot:
    """Only the one-shot recogniser can give this utterance its words; or it is asked only to compare."""

    utterance: int
    ulaw: bytes
    is_comparison: bool = False
    """The utterance has its words: what is heard in it here is compared with them (calls/core/hastening.py)."""
    avoids: str = ""
    """The engine, as rows call it, that is asked last: its stream says nothing. Empty: the line's order."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Words as they are spoken, for those who watch."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class TurnAccepted:
    """A turn is handed on, in speech order."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class TurnRevised:
    """Late words changed a turn that was handed on."""

    turn: Turn
    old: str


@dataclass(frozen=True, slots=True)
class TurnAnswered:
    """The line has answered a turn that was handed on: it has its ``total_ms``. Its words are as they were."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class MarkReached:
    """Twilio has played, or dropped, what was sent before the mark of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """A CallEvent: a stable code and a detail that never holds a caller's words."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RenewStream:
    """Half-close the stream, begin the next one with this audio; words before ``at_ms`` are the old one's."""

    at_ms: int
    frames: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class PauseStream:
    """The caller is silent: half-close the stream and open none; words from ``at_ms`` on are the next one's."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class ResumeStream:
    """Open the next stream, beginning with this audio."""

    frames: tuple[tuple[int, bytes], ...]
    at_ms: int | None = None
    """From here on words are its own, where that was later until now."""


@dataclass(frozen=True, slots=True)
class ReplaceStream:
    """The stream hears nothing more: end it at once, and let another engine hear, where there is one."""

    code: str


@dataclass(frozen=True, slots=True)
class ReplayStream:
    """The stream failed under what it was hearing: the next one begins with this audio, up to the newest frame."""

    frames: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class FinishStream:
    """Half-close the recognition stream and read it to its end."""


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """The line is dead or has been open too long, or the stream is not its call's: end it. ``reason`` is the stream's
    end reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """Every utterance is a turn and no result can follow: the call's record can be closed."""


Action = (
    CallBegun
    | Feed
    | Wake
    | AskOneShot
    | Partial
    | TurnAccepted
    | TurnRevised
    | TurnAnswered
    | MarkReached
    | Note
    | RenewStream
    | PauseStream
    | ResumeStream
    | ReplaceStream
    | ReplayStream
    | FinishStream
    | CloseSocket
    | CallOver
)
