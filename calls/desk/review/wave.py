"""A recording as the WAV file that a browser plays. Any part of it is made when it is asked for; it is never whole.

Where the line spoke it is stereo: the caller left, the line right.

16-bit PCM: the one encoding that every browser plays from WAV. µ-law would be half of it.
"""

from __future__ import annotations

import struct
from pathlib import Path

from calls.core.sender_clock import MAX_MEDIA_MS
from calls.storage.recording import Lost, Recording, line_file, line_recording
from stt.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, ULAW_SILENCE, stereo, ulaw_to_pcm

SAMPLE_BYTES = 2
WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class Wave:
    """One stream's audio, silence where it has gaps. Raises RecordingError, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recording = Recording(path)
        self.begins_ms, ends_ms = self._recording.span_ms()
        """Media time of its first sample."""
        # A damaged time makes no file of weeks, nor one that WAV's 32 bits cannot count.
        self.duration_ms = max(0, min(ends_ms - self.begins_ms, MAX_MEDIA_MS))
        self._losses: list[Lost] | None = None
        self._line = line_recording(path)
        self.is_whole = self._recording.is_whole and (self._line is None or self._line.is_whole)
        """False where a file's end is known to be missing."""
        self.lacks_line = self._line is None and line_file(path).exists()
        """What the line said was kept, and cannot be read."""
        self._channels = 1 if self._line is None else 2
        self._frame_bytes = SAMPLE_BYTES * self._channels
        """A sample of each channel."""
        self._pcm_bytes = self.duration_ms * BYTES_PER_MS * self._frame_bytes
        self.size_bytes = WAV_HEADER.size + self._pcm_bytes

    @property
    def ends_ms(self) -> int:
        return self.begins_ms + self.duration_ms

    def lost_seconds(self) -> int:
        """How many of its seconds are known to be missing, of both channels: they are silence. Reads all of it."""
        return self._recording.lost_slots() + (self._line.lost_slots() if self._line else 0)

    def read(self, first: int, length: int) -> bytes:
        """So many bytes of the file from this one on; fewer where it ends. Reads the slots that hold them. Blocking."""
        end = min(first + length, self.size_bytes)
        head = self._header()[first:end]
        begin = max(0, first - WAV_HEADER.size)
        if begin >= end - WAV_HEADER.size:
            return head
        # Whole samples, of which some bytes at either side may not be asked for.
        first_sample, past_sample = begin // self._frame_bytes, -(-(end - WAV_HEADER.size) // self._frame_bytes)
        pcm = self._pcm(first_sample, past_sample)
        skipped = begin - first_sample * self._frame_bytes
        return head + pcm[skipped : skipped + end - WAV_HEADER.size - begin]

    def lacks(self, from_ms: int, to_ms: int) -> bool:
        """Some of the caller's sound between two media times cannot be read, or was never written: ``caller`` has
        silence there. A gap of the network's is no loss. Reads all of it once. Blocking."""
        if self._losses is None:
            self._losses = self._recording.losses()
        return any(loss.from_ms < to_ms and from_ms < loss.to_ms for loss in self._losses)

    def caller(self, from_ms: int, to_ms: int) -> bytes:
        """The caller's µ-law between two media times. Blocking."""
        first, past = ((at_ms - self.begins_ms) * BYTES_PER_MS for at_ms in (from_ms, to_ms))
        return self._ulaw(self._recording, first, past)

    def _pcm(self, first: int, past: int) -> bytes:
        """The samples between two, of each channel."""
        caller = ulaw_to_pcm(self._ulaw(self._recording, first, past))
        return caller if self._line is None else stereo(caller, ulaw_to_pcm(self._ulaw(self._line, first, past)))

    def _ulaw(self, recording: Recording, first: int, past: int) -> bytes:
        """A channel's samples between two, each at its time."""
        ulaw = bytearray(ULAW_SILENCE * (past - first))
        for at_ms, payload in recording.chunks(self.begins_ms + first // BYTES_PER_MS):
            at = (at_ms - self.begins_ms) * BYTES_PER_MS - first
            if at >= len(ulaw):
                break
            heard = payload[max(0, -at) : len(ulaw) - at]
            ulaw[max(0, at) : max(0, at) + len(heard)] = heard
        return bytes(ulaw)

    def _header(self) -> bytes:
        bytes_a_second = SAMPLE_RATE_HZ * self._frame_bytes
        return WAV_HEADER.pack(
            b"RIFF", self.size_bytes - 8, b"WAVE",
            b"fmt ", 16, 1, self._channels, SAMPLE_RATE_HZ, bytes_a_second, self._frame_bytes, 8 * SAMPLE_BYTES,
            b"data", self._pcm_bytes,
        )  # fmt: skip
