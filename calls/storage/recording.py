"""A call's audio on disk, written while the call runs: one file for each stream, in slots of one second, and one
beside it for what the line said in it.

The media path appends to a buffer of one second; a full buffer goes to the process's one thread that writes. A process
that is killed loses less than a second. Slots have a fixed size, so that a moment is found without reading the file;
each can be checked, and encrypted, by itself.

    file    = header slot*
    header  = "VREC" version:u8 codec:u8 (1: µ-law) rate_hz:u16 reserved:8
    slot    = index:u32 at_ms:u32 length:u16 flags:u16 crc32:u32 payload:8000 (what is behind ``length`` is padding)
"""

from __future__ import annotations

import logging
import queue
import re
import struct
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from calls.core.sender_clock import MAX_MEDIA_MS
from stt.audio import BYTES_PER_MS, FRAME_BYTES, SAMPLE_RATE_HZ, ULAW_SILENCE
from voiceapp.runtime import background, metrics
from voiceapp.runtime.seldom import Seldom

logger = logging.getLogger(__name__)

HEADER = struct.pack("<4sBBH8x", b"VREC", 1, 1, SAMPLE_RATE_HZ)
SLOT_HEADER = struct.Struct("<IIHHI")
PAYLOAD_BYTES = 8000
SLOT_BYTES = SLOT_HEADER.size + PAYLOAD_BYTES
MAX_SLOT_MS = 2**32 - 1
"""A slot holds no later media time; calls/core/depacketizer.py keeps it far below."""
MAX_WAITING_SLOTS = 20_000
"""This many slots may wait for the disk; beyond it the newest are dropped and counted."""
MAX_OPEN_FILES = 256
"""The files that were written last stay open."""
MAX_JOINED_MS = 60
"""Parts of what the line said that are so close follow each other without a gap."""
GATHER_S = 0.1
"""Slots gather for this long before they are written."""


def file_name(sid: str) -> str:
    """The part of a file's name for a CallSid or StreamSid. Ids come from outside: only their ASCII letters, digits and
    underscores are used, and never a hyphen, which separates the two."""
    return re.sub(r"\W", "", sid, flags=re.ASCII)[:64] or "none"


def line_file(path: Path) -> Path:
    """The file beside a stream's recording that holds what the line said: none where it said nothing."""
    return path.with_suffix(".line.vrec")


class RecordingError(ValueError):
    """The file is not a recording, or has no audio."""


class Recorder:
    """Takes one stream's audio to its file. On the media path: constant time and memory, no I/O."""

    def __init__(self, path: Path, disk: RecordingDisk) -> None:
        self.path = path
        self._disk = disk
        self._buffer = bytearray()
        self._at_ms = 0
        self._index = 0

    def push(self, at_ms: int, ulaw: bytes) -> None:
        """Add a frame at its media time; a gap begins a new slot."""
        if self._buffer and at_ms != self._at_ms + len(self._buffer) // BYTES_PER_MS:
            self.flush()
        if not self._buffer:
            self._at_ms = at_ms
        self._buffer += ulaw
        if len(self._buffer) >= PAYLOAD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand the buffer on to the disk's thread."""
        while self._buffer:
            payload = bytes(self._buffer[:PAYLOAD_BYTES])
            del self._buffer[:PAYLOAD_BYTES]
            at_ms = max(0, min(self._at_ms, MAX_SLOT_MS))
            header = SLOT_HEADER.pack(self._index, at_ms, len(payload), 0, zlib.crc32(payload))
            self._disk.put(self.path, header + payload.ljust(PAYLOAD_BYTES, ULAW_SILENCE), HEADER)
            self._index += 1
            self._at_ms += len(payload) // BYTES_PER_MS


class LineRecorder:
    """Takes what the line said in a stream to a file beside the stream's own, from its first sound on.

    Its sound comes in parts that a clock has placed: one that begins no more than MAX_JOINED_MS after the last one's
    end follows it without a gap, and none begins before it. So what was said in one go stays whole.
    """

    def __init__(self, path: Path, disk: RecordingDisk) -> None:
        """``path``: of the stream's own."""
        self._recorder = Recorder(line_file(path), disk)
        self._waiting = bytearray()
        """Less than a frame."""
        self._at_ms: int | None = None
        """Media time of what waits."""

    def push(self, at_ms: int, ulaw: bytes) -> None:
        """Add a part at its media time. On the call's loop: no I/O."""
        if self._at_ms is None or at_ms > self._at_ms + len(self._waiting) // BYTES_PER_MS + MAX_JOINED_MS:
            self._pass_on(1)
            self._at_ms = at_ms
        self._waiting += ulaw
        # Whole frames fill a slot to its end.
        self._pass_on(FRAME_BYTES)

    def flush(self) -> None:
        """Hand on what waits."""
        self._pass_on(1)
        self._recorder.flush()

    def _pass_on(self, least_bytes: int) -> None:
        while self._at_ms is not None and len(self._waiting) >= least_bytes:
            frame = bytes(self._waiting[:FRAME_BYTES])
            del self._waiting[:FRAME_BYTES]
            self._recorder.push(self._at_ms, frame)
            self._at_ms += len(frame) // BYTES_PER_MS


class RecordingDisk:
    """One thread that appends the slots of all calls to their files."""

    def __init__(self) -> None:
        self._slots: queue.SimpleQueue[tuple[Path, bytes, bytes] | None] = queue.SimpleQueue()
        self._thread: background.Worker | None = None
        self._files: OrderedDict[Path, FileIO] = OrderedDict()
        self._failures = Seldom()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Idempotent."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = background.thread("recording", self._run)
            self._thread.start()

    def put(self, path: Path, data: bytes, header: bytes = b"") -> None:
        """Append to a file, which begins with the header. Any thread; returns at once."""
        if self._slots.qsize() >= MAX_WAITING_SLOTS:
            metrics.RECORDING_DROPPED.inc()
            return
        self._slots.put((path, data, header))

    def stop(self, timeout_s: float) -> None:
        """Write what is left. Blocking."""
        if self._thread is not None:
            self._thread.retire()
        self._stopping.set()
        self._slots.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def _run(self) -> None:
        while (item := self._slots.get()) is not None:
            if self._slots.empty():
                # One wake-up for the slots of many calls: each wake-up makes the event loop wait for the interpreter.
                self._stopping.wait(GATHER_S)
            path, data, header = item
            try:
                _append(self._file(path), data, header)
            except (OSError, ValueError) as error:
                # A path that no file can have is a ValueError, and the other calls' audio waits behind it.
                metrics.RECORDING_DROPPED.inc()
                self._close(path)
                if self._failures.is_due():
                    logger.critical("recording_failed: %s takes nothing (%s)", path.parent, error)
        for path in list(self._files):
            self._close(path)

    def _file(self, path: Path) -> FileIO:
        file = self._files.get(path)
        if file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab", buffering=0)
            self._files[path] = file
            if len(self._files) > MAX_OPEN_FILES:
                self._close(next(iter(self._files)))
        self._files.move_to_end(path)
        return file

    def _close(self, path: Path) -> None:
        file = self._files.pop(path, None)
        if file is not None:
            try:
                file.close()
            except OSError:
                metrics.RECORDING_DROPPED.inc()


def _append(file: FileIO, data: bytes, header: bytes) -> None:
    """Append all of it or nothing: half a slot would shift every slot behind it. Raises OSError."""
    before = file.tell()
    left = memoryview(data if before else header + data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        file.truncate(before)
        raise


def line_recording(path: Path) -> Recording | None:
    """What the line said in the stream whose recording is at ``path``; None where there is none, or it is damaged."""
    try:
        recording = Recording(line_file(path))
        recording.span_ms()
    except (OSError, RecordingError):
        return None
    return recording


class Recording:
    """Reads a recording back. Raises RecordingError, OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            if file.read(len(HEADER)) != HEADER:
                raise RecordingError(f"{path.name} is no recording")
        self.slots = (path.stat().st_size - len(HEADER)) // SLOT_BYTES

    def chunks(self, from_ms: int = 0) -> Iterator[tuple[int, bytes]]:
        """The media time and µ-law of each slot, from the one that holds this moment; a damaged slot is skipped."""
        with self._path.open("rb") as file:

            def begins_ms(index: int) -> int:
                file.seek(len(HEADER) + index * SLOT_BYTES)
                return int(SLOT_HEADER.unpack(file.read(SLOT_HEADER.size))[1])

            first = max(0, bisect_right(range(self.slots), from_ms, key=begins_ms) - 1)
            for index in range(first, self.slots):
                if (chunk := _chunk(file, index)) is not None:
                    yield chunk

    def span_ms(self) -> tuple[int, int]:
        """The media times at which the audio begins and ends; reads only the first and last slot. Raises RecordingError
        when there is no audio."""
        with self._path.open("rb") as file:
            first = next(filter(None, (_chunk(file, index) for index in range(self.slots))), None)
            last = next(filter(None, (_chunk(file, index) for index in reversed(range(self.slots)))), None)
        if first is None or last is None:
            raise RecordingError(f"{self._path.name} holds no audio")
        return first[0], last[0] + len(last[1]) // BYTES_PER_MS

    def ulaw(self) -> tuple[int, bytes]:
        """The media time at which the audio begins, and the µ-law, with silence in its gaps."""
        start_ms: int | None = None
        audio = bytearray()
        for at_ms, payload in self.chunks():
            if start_ms is None:
                start_ms = at_ms
            gap = (at_ms - start_ms) * BYTES_PER_MS - len(audio)
            # A gap longer than any call is wrong (older recordings have some), and days of silence fit in no memory.
            audio += ULAW_SILENCE * (max(0, gap) if at_ms - start_ms <= MAX_MEDIA_MS else 0) + payload
        return start_ms or 0, bytes(audio)


def _chunk(file: BinaryIO, index: int) -> tuple[int, bytes] | None:
    """The media time and µ-law of a slot; None when it is damaged."""
    file.seek(len(HEADER) + index * SLOT_BYTES)
    _, at_ms, length, _, checksum = SLOT_HEADER.unpack(file.read(SLOT_HEADER.size))
    payload = file.read(PAYLOAD_BYTES)[:length]
    return (at_ms, payload) if zlib.crc32(payload) == checksum else None
