"""A call's audio on disk, written while the call runs: one file for each stream, in slots of one second, and one
beside it for what the line said in it.

The media path appends to a buffer of one second; a full buffer goes to the process's one thread that writes. A process
that is killed loses less than a second. Slots have a fixed size, so that a moment is found without reading the file;
each can be checked, and is encrypted, by itself (calls/storage/kept_files.py). A stream's end finishes its files.

    file    = header slot*
    header  = "VREC" version:u8 codec:u8 (1: µ-law) rate_hz:u16 reserved:8
    slot    = index:u32 at_ms:u32 length:u16 flags:u16 crc32:u32 payload:8000 (what is behind ``length`` is padding)
"""

from __future__ import annotations

import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from calls.core.sender_clock import MAX_MEDIA_MS
from calls.storage.kept_files import EncryptedFile, PlainFile, note_damage, opened
from calls.storage.recording_disk import RecordingDisk, told_to_nobody
from stt.audio import BYTES_PER_MS, FRAME_BYTES, SAMPLE_RATE_HZ, ULAW_SILENCE
from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.file_cipher import StorageError

RECORDING_SUFFIX = ".vrec"
HEADER = struct.pack("<4sBBH8x", b"VREC", 1, 1, SAMPLE_RATE_HZ)
SLOT_HEADER = struct.Struct("<IIHHI")
PAYLOAD_BYTES = 8000
SLOT_BYTES = SLOT_HEADER.size + PAYLOAD_BYTES
MAX_SLOT_MS = 2**32 - 1
"""A slot holds no later media time; calls/core/depacketizer.py keeps it far below."""
MAX_JOINED_MS = 60
"""Parts of what the line said that are so close follow each other without a gap."""


def file_name(sid: str) -> str:
    """The part of a file's name for a CallSid or StreamSid. Ids come from outside: only their ASCII letters, digits and
    underscores are used, and never a hyphen, which separates the two."""
    return re.sub(r"\W", "", sid, flags=re.ASCII)[:64] or "none"


def line_file(path: Path) -> Path:
    """The file beside a stream's recording that holds what the line said: none where it said nothing."""
    return path.with_suffix(".line.vrec")


class RecordingError(CodedError):
    """``damaged_recording`` (the file is no recording, or has no audio) | the codes of StorageError."""


class Recorder:
    """Takes one stream's audio to its file. On the media path: constant time and memory, no I/O."""

    def __init__(self, path: Path, disk: RecordingDisk, unwritten: Callable[[str], None] = told_to_nobody) -> None:
        self.path = path
        self._disk, self._unwritten = disk, unwritten
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
            self._disk.put(self.path, header + payload.ljust(PAYLOAD_BYTES, ULAW_SILENCE), HEADER, self._unwritten)
            self._index += 1
            self._at_ms += len(payload) // BYTES_PER_MS

    def finish(self) -> None:
        """Hand on what is left: no more audio comes."""
        self.flush()
        if self._index:
            self._disk.finish(self.path, self._unwritten)


class LineRecorder:
    """Takes what the line said in a stream to a file beside the stream's own, from its first sound on.

    Its sound comes in parts that a clock has placed: one that begins no more than MAX_JOINED_MS after the last one's
    end follows it without a gap, and none begins before it. So what was said in one go stays whole.
    """

    def __init__(self, path: Path, disk: RecordingDisk, unwritten: Callable[[str], None] = told_to_nobody) -> None:
        """``path``: of the stream's own."""
        self._recorder = Recorder(line_file(path), disk, unwritten)
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

    def finish(self) -> None:
        """Hand on what waits: no more comes."""
        self._pass_on(1)
        self._recorder.finish()

    def _pass_on(self, least_bytes: int) -> None:
        while self._at_ms is not None and len(self._waiting) >= least_bytes:
            frame = bytes(self._waiting[:FRAME_BYTES])
            del self._waiting[:FRAME_BYTES]
            self._recorder.push(self._at_ms, frame)
            self._at_ms += len(frame) // BYTES_PER_MS


class Slot(NamedTuple):
    """A second of sound, or what of it there was."""

    number: int
    """Of the slots that its recorder has written, and of those that the disk did not take."""
    at_ms: int
    """Media time."""
    ulaw: bytes

    @property
    def ends_ms(self) -> int:
        return self.at_ms + len(self.ulaw) // BYTES_PER_MS


class Lost(NamedTuple):
    """A part of a recording that cannot be read."""

    from_ms: int
    """Media time of the end of the last good slot before it; 0 where there is none."""
    to_ms: int
    """...of the beginning of the next good one; later than any call where there is none."""
    slots: int


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
        with _opened(path) as file:
            if file.read(0, len(HEADER)) != HEADER:
                raise RecordingError("damaged_recording", f"{path.name} is no recording")
            self.slots, torn_bytes = divmod(file.size_bytes - len(HEADER), SLOT_BYTES)
            self.is_whole = file.is_whole and not torn_bytes
            """False where an encrypted file was not finished, because its process was killed or its end was cut off;
            of a plain one, where its last slot is cut off."""

    def lost_slots(self) -> int:
        """How many slots, of a second each, are damaged or were never written though later ones were. Reads all of
        it."""
        return sum(loss.slots for loss in self.losses())

    def losses(self) -> list[Lost]:
        """Where they are. Reads all of it."""
        losses = []
        damaged, before = 0, Slot(-1, 0, b"")
        with self._slots() as slot:
            for place in range(self.slots):
                if (one := slot(place)) is None:
                    damaged += 1
                    continue
                if lost := max(damaged, one.number - before.number - 1):
                    losses.append(Lost(before.ends_ms, one.at_ms, lost))
                damaged, before = 0, one
        return [*losses, Lost(before.ends_ms, MAX_MEDIA_MS, damaged)] if damaged else losses

    def chunks(self, from_ms: int = 0) -> Iterator[tuple[int, bytes]]:
        """The media time and µ-law of each slot, from the one that holds this moment; a damaged slot is skipped."""
        with self._slots() as slot:

            def begins_ms(index: int) -> int:
                """Of a damaged one, when the last good one before it ends."""
                if (one := slot(index)) is not None:
                    return one.at_ms
                before = next(filter(None, map(slot, range(index - 1, -1, -1))), Slot(0, 0, b""))
                return before.ends_ms

            first = max(0, bisect_right(range(self.slots), from_ms, key=begins_ms) - 1)
            for index in range(first, self.slots):
                if (one := slot(index)) is not None:
                    yield one.at_ms, one.ulaw

    def span_ms(self) -> tuple[int, int]:
        """The media times at which the audio begins and ends; reads only the first and last slot. Raises RecordingError
        when there is no audio."""
        with self._slots() as slot:
            first = next(filter(None, map(slot, range(self.slots))), None)
            last = next(filter(None, map(slot, reversed(range(self.slots)))), None)
        if first is None or last is None:
            raise RecordingError("damaged_recording", f"{self._path.name} holds no audio")
        return first.at_ms, last.ends_ms

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

    @contextmanager
    def _slots(self) -> Iterator[Callable[[int], Slot | None]]:
        """What reads the slot at a place of the file; it gives None when it is damaged."""
        with _opened(self._path) as file:
            told = set[int]()

            def slot(index: int) -> Slot | None:
                try:
                    data = file.read(len(HEADER) + index * SLOT_BYTES, SLOT_BYTES)
                except StorageError as error:
                    if index not in told:
                        told.add(index)
                        note_damage(self._path, error)
                    return None
                number, at_ms, length, _, checksum = SLOT_HEADER.unpack_from(data)
                payload = data[SLOT_HEADER.size :][:length]
                # The checksum of nothing is 0, and a disk may leave zeros.
                return Slot(number, at_ms, payload) if payload and zlib.crc32(payload) == checksum else None

            yield slot


@contextmanager
def _opened(path: Path) -> Iterator[PlainFile | EncryptedFile]:
    """Raises RecordingError, OSError."""
    try:
        with opened(path) as file:
            yield file
    except StorageError as error:
        raise RecordingError(error.code, f"{path.name}: {error.message}") from error
