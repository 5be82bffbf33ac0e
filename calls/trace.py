"""The hearing trace: what a call's ear and its recognisers perceived, and when; it explains a call and can be rerun.

One JSON line each: ``{"frames": at_ms, "levels": base64}`` with a byte a frame (bit 7: voiced, below: -dBFS), and
``{"event": kind, "now_ms": …, …}`` for every event of a recogniser, its times as it came. Beside the recording, with
its name; holds words, and is purged with it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from calls.recording import RecordingDisk
from stt.audio import FRAME_MS
from stt.events import RecognizerError, RecognizerEvent

FRAMES_A_LINE = 50
VOICED = 0x80


class HearingTrace:
    """One stream's trace on its way to its file. ``frame`` is on the media path: constant time, no I/O."""

    def __init__(self, path: Path, disk: RecordingDisk, began_ms: float) -> None:
        self._path = path
        self._disk = disk
        self._began_ms = began_ms
        self._levels = bytearray()
        self._at_ms = 0

    def frame(self, at_ms: int, level_dbfs: float, voiced: bool) -> None:
        if self._levels and at_ms != self._at_ms + len(self._levels) * FRAME_MS:
            self.flush()
        if not self._levels:
            self._at_ms = at_ms
        self._levels.append(min(127, round(-level_dbfs)) | (VOICED if voiced else 0))
        if len(self._levels) >= FRAMES_A_LINE:
            self.flush()

    def event(self, event: RecognizerEvent, now_ms: float) -> None:
        """From the pump, off the media path."""
        values = msgspec.to_builtins(event, enc_hook=_code_of)
        self._put({"event": type(event).__name__, "now_ms": round(now_ms - self._began_ms), **values})

    def flush(self) -> None:
        """Hand on the frames that have gathered."""
        if self._levels:
            self._put({"frames": self._at_ms, "levels": base64.b64encode(self._levels).decode("ascii")})
            self._levels.clear()

    def _put(self, line: dict[str, Any]) -> None:
        self._disk.put(self._path, msgspec.json.encode(line) + b"\n")


def _code_of(error: RecognizerError) -> str:
    return error.code


def read_trace(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a trace; a frame line gets ``voiced`` and ``dbfs`` lists. Half a line at the end is passed over."""
    with path.open("rb") as lines:
        for raw in lines:
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if "frames" in line:
                levels = base64.b64decode(line.pop("levels"))
                line["voiced"] = [bool(level & VOICED) for level in levels]
                line["dbfs"] = [-(level & ~VOICED) for level in levels]
            yield line
