"""What a recogniser says: words, interim and final results, and its errors.

Owns the vocabulary between engines (stt/engines/google.py, the emulator's tests' fakes) and the core
(stt/attribution/ledger.py, calls/core/session.py). Knows no engine, no clock and no Django. All times are milliseconds
of media time: 0 is the start of the call's audio, not of one recognition stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiceapp.runtime.coded_error import CodedError

EMULATOR_UNKNOWN = "emulator_unknown"
"""The emulator's code for audio that it does not know. An answer, not a failure: to ask again gives the same."""
RENEWAL_TIMEOUT = "renewal_timeout"
"""Code of a half-closed stream that has not said its last word in time."""
REFUSED = frozenset({"invalid_argument", "model_not_supported", "setting_refused"})
"""Codes of an engine that works, and refuses what it was asked for: a setting."""


class RecognizerError(CodedError):
    """An engine failed. Codes are such as ``unavailable``, ``stream_expired``, ``model_not_supported``."""

    def __init__(self, code: str, message: str = "", *, permanent: bool = False) -> None:
        super().__init__(code, message)
        self.permanent = permanent
        """True when asking again cannot help (credentials, configuration)."""

    @property
    def refused(self) -> bool:
        """The request was at fault, and not the engine."""
        return self.code in REFUSED


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times are known only where the engine gave word offsets."""

    text: str
    start_ms: int | None = None
    """Media time, ms."""
    end_ms: int | None = None
    """Media time, ms."""


@dataclass(frozen=True, slots=True)
class Interim:
    """A hypothesis that may still change: all words of the segment that is open on this stream."""

    words: tuple[str, ...]
    end_ms: int | None
    """Media time up to which the engine has listened; None when it did not say (0 on the wire means the same)."""
    stability: float = 0.0
    """0 (may change) to 1 (unlikely to change), as the engine estimates it; 0 when it does not."""
    stream: int = 0
    """Which recognition stream of the call spoke, counted from 0."""


@dataclass(frozen=True, slots=True)
class Final:
    """The settled words of a segment (streaming), or of one utterance (one-shot)."""

    words: tuple[Word, ...]
    end_ms: int | None
    confidence: float | None = None
    stream: int = 0


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """A recognition stream is connected and its configuration is written."""

    stream: int
    attempt: int
    """1 for the first try."""
    fed_from_ms: int | None = None
    """Where the audio begins that it was fed; None: it was fed none yet, and hears what comes from now on."""


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """A recognition stream has ended: no result follows. ``error`` is None for a normal end."""

    stream: int
    error: RecognizerError | None = None
    fed_to_ms: int | None = None
    """Up to where it was fed audio; None: it was fed none, or nobody says."""
    replays: bool = False
    """It failed under what it was hearing, and the next stream waits to be given that audio again: no word depends on
    the one-shot recogniser."""


@dataclass(frozen=True, slots=True)
class EngineChanged:
    """Another engine hears from this stream on."""

    stream: int
    engine: str
    """As rows call it."""
    model: str
    left: str
    """The engine that heard until now."""
    code: str
    """Why it was left; empty: the one before is well again."""


@dataclass(frozen=True, slots=True)
class StreamRenewed:
    """A stream has been half-closed: words spoken before ``at_ms`` are its own, the others the next one's. Comes again
    when the border moves."""

    stream: int
    """The old one; the new one is ``stream + 1``."""
    at_ms: int


@dataclass(frozen=True, slots=True)
class StreamingLost:
    """No stream is open: utterances depend on the one-shot recogniser until a StreamOpened comes."""

    error: RecognizerError


@dataclass(frozen=True, slots=True)
class OneShotDone:
    """The one-shot recogniser has answered for an utterance: words, none, or an error."""

    utterance: int | None
    """None when the audio came without its utterance: the words go to the last one."""
    words: tuple[str, ...]
    error: RecognizerError | None = None
    engine: str = ""
    """Whose answer it is, as rows call it, and its model; empty: the line's one-shot recogniser's."""
    model: str = ""


RecognizerEvent = (
    Interim | Final | StreamOpened | StreamClosed | StreamRenewed | StreamingLost | EngineChanged | OneShotDone
)

EVENT_OF: dict[str, type[RecognizerEvent]] = {
    "Interim": Interim,
    "Final": Final,
    "StreamOpened": StreamOpened,
    "StreamClosed": StreamClosed,
    "StreamRenewed": StreamRenewed,
    "StreamingLost": StreamingLost,
    "EngineChanged": EngineChanged,
    "OneShotDone": OneShotDone,
}
"""What a trace's lines call each event. Written for good: traces of other versions are read, whatever the classes are
called by then."""
KIND_OF: dict[type[RecognizerEvent], str] = {event: kind for kind, event in EVENT_OF.items()}
