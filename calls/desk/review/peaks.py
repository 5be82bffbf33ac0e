"""How loud a recording is, for the waveform of its page: computed once, in the request's thread, and kept beside it."""

from __future__ import annotations

import audioop
import json
import logging
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from calls.core.sender_clock import MAX_MEDIA_MS
from calls.storage.kept_files import lines_of, whole_file
from calls.storage.recording import Recording, line_recording
from stt.audio import BYTES_PER_MS, FRAME_MS, ulaw_to_pcm
from voiceapp.runtime import metrics
from voiceapp.runtime.file_cipher import StorageError

logger = logging.getLogger(__name__)

MOST_PEAKS = 4000
"""A channel: more than a screen has columns, also when a minute of an hour is looked at."""
LOUDEST = 32_768
KEPT_SUFFIX = ".peaks"


def peaks_of(path: Path) -> dict[str, Any]:
    """Of the recording at ``path``: ``duration_s``, and for the caller and then the line, where it spoke, at most
    MOST_PEAKS loudest samples from 0 to 100. Blocking. Raises RecordingError, OSError."""
    kept = path.with_suffix(KEPT_SUFFIX)
    try:
        return dict(json.loads(b"".join(lines_of(kept))))
    except (OSError, ValueError, StorageError):
        pass  # the first time, or it was cut off while it was written, or its key is gone
    begins_ms, ends_ms = Recording(path).span_ms()
    duration_ms = max(0, min(ends_ms - begins_ms, MAX_MEDIA_MS))
    line = line_recording(path)
    channels = [Recording(path)] if line is None else [Recording(path), line]
    peaks = {
        "duration_s": duration_ms / 1000,
        "channels": [_loudest(channel, begins_ms, duration_ms) for channel in channels],
    }
    _keep(kept, json.dumps(peaks, separators=(",", ":")).encode(), path)
    return peaks


def _loudest(recording: Recording, begins_ms: int, duration_ms: int) -> list[int]:
    """The loudest sample of each column."""
    frames = -(-duration_ms // FRAME_MS)
    column_bytes = max(1, -(-frames // MOST_PEAKS)) * FRAME_MS * BYTES_PER_MS
    columns = [0] * (-(-duration_ms * BYTES_PER_MS // column_bytes))
    for at_ms, payload in recording.chunks(begins_ms):
        first = (at_ms - begins_ms) * BYTES_PER_MS
        if first >= duration_ms * BYTES_PER_MS:
            break
        at = max(0, -first)
        while at < len(payload) and (column := (first + at) // column_bytes) < len(columns):
            # To the end of this column: slots and columns do not begin at the same moments.
            part = payload[at : (column + 1) * column_bytes - first]
            loudest = min(100, audioop.max(ulaw_to_pcm(part), 2) * 100 // LOUDEST)
            columns[column] = max(columns[column], loudest)
            at += len(part)
    return columns


def _keep(path: Path, data: bytes, recording: Path) -> None:
    """Whole or not at all; where it cannot be kept it is computed again."""
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=KEPT_SUFFIX, delete=False) as file:
            file.write(whole_file(data))
        os.replace(file.name, path)
        if not recording.exists():
            # It was deleted meanwhile, as with a call that is forgotten: nobody would delete its waveform later.
            path.unlink(missing_ok=True)
    except OSError as error:
        metrics.PEAKS_NOT_KEPT.inc()
        logger.warning("peaks_not_kept: %s takes nothing (%s)", path.parent, error)
