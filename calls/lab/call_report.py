"""Which line a simulated caller calls, and what the caller knows of the call afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from voiceapp.runtime.coded_error import CodedError


class CallRefused(CodedError):
    """The server did not take the call; ``code`` says where: ``webhook_403``, ``no_stream``, ``socket_403``..."""


@dataclass(frozen=True, slots=True)
class Line:
    """The number that is called, and how the simulator reaches its server."""

    base_url: str
    """Where the server listens, for example http://127.0.0.1:8000."""
    public_url: str
    """What the server believes to be its public address; signatures are made over it."""
    auth_token: str
    to_number: str = "+97235550100"


@dataclass(slots=True)
class CallReport:
    """What the caller's side knows of a call."""

    call_sid: str
    played: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, start and end of each recording, in ms of media time."""
    frames_sent: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Of each stream: its first and its last frame's place in the call's audio, ms."""
    streams: list[str] = field(default_factory=list)
    """StreamSids: more than one where a socket was lost."""
    refusals: list[str] = field(default_factory=list)
    """Codes of handshakes that were refused."""
    marks: list[str] = field(default_factory=list)
    clears: int = 0
    heard_bytes: int = 0
    """µ-law that the server sent to the caller."""
    sent_s: list[float] = field(default_factory=list)
    """``time.monotonic`` at which each frame was given to the socket; one clock for all processes of a machine."""
    late_ms: list[float] = field(default_factory=list)
    """How late each frame left against its schedule."""
    close_code: int | None = None
    after: str = ""
    """The TwiML that followed the stream."""
