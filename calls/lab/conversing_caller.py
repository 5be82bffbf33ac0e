"""A load's caller who is answered: takes the line's sound, and gives its marks back as Twilio would.

The load's pacer sends what is due of them with the next frame, at most 20 ms after they were reached.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from calls.lab.load import FIRST_MS, Caller, masked
from calls.lab.playout import Playout
from calls.lab.server_messages import ServerAudio, ServerMark, read_server_message
from calls.lab.twilio_messages import FIRST_SEQUENCE, mark_echo, media_message, stop_message
from stt.audio import FRAME_MS, SAMPLE_RATE_HZ

_HEADER = struct.Struct("!BBHI")
"""Of a WebSocket text frame of 126 bytes and more: masked with zeros, the text stands in it as it is."""


@dataclass(slots=True, eq=False)
class ConversingCaller(Caller):
    """What it will send is numbered when it is sent: marks that go back count."""

    playout: Playout = field(default_factory=Playout)
    sent_s: list[float] = field(default_factory=list)
    """``time.monotonic`` at which each frame was sent."""
    heard_s: dict[int, float] = field(default_factory=dict)
    """When the first sound of each answer came, by the answer's number in the call, from 1."""
    clears_s: list[float] = field(default_factory=list)
    """When each ``clear`` came."""
    marks_behind_clear: int = 0
    """Of an answer that was cleared: there must be none."""
    _messages: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Of each frame: what stands before and behind its number."""
    _marks: int = 0
    """So many went back."""
    _last_answer: int = 0
    """Number of the newest mark's."""
    _cleared: int = 0
    """The same when the last ``clear`` came."""
    _sound_s: float | None = None
    """When the first sound since the last mark came."""

    def prepare(self, frames: Sequence[bytes]) -> None:
        stream_sid = self.begin_stream()
        for index, ulaw in enumerate(frames):
            text = media_message(stream_sid, index, FIRST_MS + index * FRAME_MS, ulaw)
            before, behind = text.split(f'"{FIRST_SEQUENCE + index}"', 1)
            self._messages.append((f'{before}"'.encode(), f'"{behind}'.encode()))

    @property
    def frames(self) -> int:
        return len(self._messages) + 1

    def next_message(self) -> bytes:
        now_s = time.monotonic()
        index, stream_sid = len(self.sent_s), self.report.streams[0]
        if index == len(self._messages):
            return masked(stop_message(self.report.call_sid, stream_sid, index + self._marks))
        back = b""
        if (due := self.playout.next_samples) is not None and due <= _samples(now_s):
            self.playout.advance(_samples(now_s))
            for name in self.playout.due_marks(_samples(now_s)):
                back += masked(mark_echo(stream_sid, name, index + self._marks))
                self._marks += 1
        before, behind = self._messages[index]
        text = b"%b%d%b" % (before, FIRST_SEQUENCE + index + self._marks, behind)
        self.sent_s.append(now_s)
        return back + _HEADER.pack(0x81, 0xFE, len(text), 0) + text

    def heard(self, text: str) -> None:
        now_s = time.monotonic()
        message, fault = read_server_message(text, self.report.streams[0])
        if fault is not None:
            self.report.faults.append(fault)
        if message is None:
            return
        self.playout.receive(message, _samples(now_s))
        if isinstance(message, ServerAudio):
            self._sound_s = self._sound_s if self._sound_s is not None else now_s
        elif isinstance(message, ServerMark):
            # a3.2.1: the third answer (calls/reply/playback.py). Each of an answer's marks has sound before it.
            self._last_answer = number = int(message.name[1:].split(".")[0])
            self.marks_behind_clear += number <= self._cleared
            if self._sound_s is not None:
                self.heard_s.setdefault(number, self._sound_s)
                self._sound_s = None
        else:
            self.clears_s.append(now_s)
            self._cleared, self._sound_s = self._last_answer, None


def _samples(now_s: float) -> int:
    return int(now_s * SAMPLE_RATE_HZ)
