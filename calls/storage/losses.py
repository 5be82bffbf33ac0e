"""Says what of a file of a call is known to be missing: of a recording seconds, of a trace lines, of both their end.

A plain file that was cut off exactly between two seconds or lines does not say so; an encrypted one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from calls.storage.call_streams import CallStream
from calls.storage.kept_files import lines_lost
from calls.storage.recording import RECORDING_SUFFIX, Recording, RecordingError
from stt.audio import FRAME_MS
from voiceapp.runtime.file_cipher import StorageError

UNWRITTEN_MS = 1500
"""A recording may hold this much less than what came: a second is written at a time."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one file; false where nothing is known to be missing."""

    parts: int = 0
    """Seconds of a recording, lines of a trace that cannot be read."""
    has_no_end: bool = False
    """It was cut off, its process was killed, or it still grows."""
    code: str = ""
    """Of why none of it can be read (RecordingError, StorageError)."""

    def __bool__(self) -> bool:
        return bool(self.parts or self.has_no_end or self.code)

    def sentence(self, path: Path) -> str:
        """For an operator: ``code: file: what is missing``."""
        is_recording = path.suffix == RECORDING_SUFFIX
        if self.code:
            return f"{self.code}: {path.name}: none of it can be read"
        said = [f"{self.parts} {'seconds' if is_recording else 'lines'} of it cannot be read"] if self.parts else []
        said += ["its end is missing"] if self.has_no_end else []
        code = "recording_damaged" if is_recording else "trace_damaged"
        return f"{code}: {path.name}: {', and '.join(said)}"


def loss_of(path: Path) -> Loss:
    """Of a recording, trace or waveform. Reads all of it: some ms an hour of sound. Raises OSError."""
    try:
        if path.suffix == RECORDING_SUFFIX:
            recording = Recording(path)
            return Loss(recording.lost_slots(), not recording.is_whole)
        return Loss(*lines_lost(path, _is_json))
    except (RecordingError, StorageError) as error:
        return Loss(code=error.code)


def lacking_ms(stream: CallStream, recorded_ms: int) -> int:
    """How much less is in its recording than came of a stream that has ended; 0 where that is less than a recording may
    lack. A plain file does not say itself that its end is missing; its times count what the network lost as well."""
    lacking_ms = FRAME_MS * stream.count("frames_received") - recorded_ms
    return lacking_ms if lacking_ms > UNWRITTEN_MS else 0


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return True
