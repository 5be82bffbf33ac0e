"""Which line a simulated caller calls, and what the caller knows of the call afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from calls.lab.caller_script import EndedBy
from calls.lab.played_audio import ClearedAudio, HeardAnswer, MarkEcho, MarkFate, PlayedAudio
from calls.lab.playout import Playout
from calls.lab.server_messages import StreamFault
from calls.lab.stereo import stereo_pcm, write_stereo
from stt.audio import BYTES_PER_MS
from voiceapp.runtime.coded_error import CodedError

SIMULATED_NUMBER = "+97235550100"
"""Is called where no other number is named."""


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
    to_number: str = SIMULATED_NUMBER


@dataclass(slots=True)
class CallReport:
    """What the caller's side knows of a call. ``ms`` is media time, as the server has it; ``samples`` count from the
    call's first frame, whose media time is ``first_ms``."""

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
    """Sent back, in order: reached or cleared."""
    clears: list[ClearedAudio] = field(default_factory=list)
    """When each ``clear`` came, and what it left unplayed."""
    heard_bytes: int = 0
    """µ-law that the server sent to the caller."""
    sent_s: list[float] = field(default_factory=list)
    """``time.monotonic`` at which each frame was given to the socket; one clock for all processes of a machine."""
    late_ms: list[float] = field(default_factory=list)
    """How late each frame left against its schedule."""
    close_code: int | None = None
    after: str = ""
    """The TwiML that followed the stream."""
    ended_by: EndedBy = EndedBy.CALLER
    unspoken: int = 0
    """Clips of the script that were not said."""
    first_ms: int = 0
    sent_audio: list[tuple[int, bytearray]] = field(default_factory=list)
    """Of each stream: its place in samples, and the µ-law that the caller sent."""
    heard: list[PlayedAudio] = field(default_factory=list)
    """What the caller really heard, each piece to the mark; a stream's pieces are there once it is over."""
    answers: list[HeardAnswer] = field(default_factory=list)
    """When the line spoke."""
    mark_fates: list[MarkEcho] = field(default_factory=list)
    """What became of each mark in truth, also of those that never came back."""
    faults: list[StreamFault] = field(default_factory=list)
    """What Twilio would have complained of (31950, 31951, 31931)."""
    ignored_bytes: int = 0
    """Audio that came after a stream's stop."""

    def add_playout(self, playout: Playout) -> None:
        """A stream is over."""
        self.heard += playout.played
        self.answers += playout.answers
        self.clears += playout.clears
        self.mark_fates += playout.marks
        self.faults += playout.faults
        self.ignored_bytes += playout.ignored_bytes

    def at_ms(self, samples: int) -> float:
        """The media time of a place in samples."""
        return self.first_ms + samples / BYTES_PER_MS

    @property
    def heard_ulaw(self) -> bytes:
        """All that was heard, without the gaps."""
        return b"".join(piece.ulaw for piece in self.heard)

    @property
    def heard_marks(self) -> list[str]:
        """Marks whose audio was heard to its end, and that went back before any ``clear``: what a server may count as
        heard. (One that was on its way when the server sent ``clear`` may miss there.)"""
        return [echo.name for echo in self.mark_fates if echo.fate is MarkFate.REACHED]

    @property
    def heard_by_mark(self) -> dict[str, bytes]:
        """The µ-law that was heard between each mark that was reached and the one before it, starvation left out."""
        by_mark: dict[str, bytes] = {}
        ulaw = b""
        for piece in self.heard:
            ulaw += piece.ulaw
            for name in piece.marks:
                by_mark[name], ulaw = ulaw, b""
            if piece.cut:
                ulaw = b""
        return by_mark

    @property
    def timeline(self) -> list[tuple[int, int, str]]:
        """Who spoke from when to when, in ms of media time, by their starts: a recording's name, "" for the line."""
        line = [
            (round(self.at_ms(one.began_samples)), round(self.at_ms(one.ended_samples)), "") for one in self.answers
        ]
        return sorted([*line, *((start, end, name) for name, start, end in self.played)])

    def stereo_pcm(self) -> bytes:
        """The call at 8 kHz, 16-bit PCM: left the caller as sent, with the echo in it; right the line as heard. It
        begins with the first frame."""
        return stereo_pcm(self.sent_audio, [(piece.at_samples, piece.ulaw) for piece in self.heard])

    def write_wav(self, path: Path) -> None:
        """``stereo_pcm`` as a WAV file. Raises OSError."""
        write_stereo(path, self.stereo_pcm())
