"""The recognition trace of a stream: its frames and its recognisers' events, and when each came.

It explains a call, and calls/whatif/trace_replay.py plays it again.

Each line is JSON. ``{"frames": at_ms, "now_ms": …, "levels": base64, "gaps": base64}`` has the first frame's media time
and arrival, and two bytes for each frame: its level (bit 7: voiced; bits 0-6: -dBFS), and the ms since the frame before
it arrived (bit 7: voiced, but without a voice's pitch). ``{"event": kind, "now_ms": …, "after_ms": …, …}`` is an event
of a recogniser; ``after_ms`` is the media time up to which frames had come, since a millisecond holds many frames when
they come in a burst. The event ``"Stopped"`` is the end of the audio. Instants are ms since the start message.

Of our own sound: ``{"plays": at_ms, "levels": base64}`` is what is sent to be played from that media time on, a byte
for each 20 ms: -dBFS. ``{"cleared": at_ms}``: what of it would be played from then on is not. ``{"echo": at_ms,
"margin_db": …, "echo_db": …, "cancels": …}`` is calls/core/echo_control.py's EchoState from that media time on. A frame
whose voice was taken for our own has the gap's bit 7 and not the level's.

The file lies beside the recording and has its name; it holds words, and is purged with it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from calls.core.actions import Feed
from calls.core.echo_control import EchoState
from calls.storage.kept_files import lines_of
from calls.storage.recording_disk import RecordingDisk, told_to_nobody
from stt.audio import FRAME_MS
from stt.events import KIND_OF, RecognizerError, RecognizerEvent

FRAMES_PER_LINE = 50
VOICED = 0x80
"""Bit of a frame's level: the endpointer took it for speech."""
UNVOICED = 0x80
"""Bit of a frame's gap: it is one of those, but without a voice's pitch; or it is none, and a voice taken for ours."""
MAX_GAP_MS = 0x7F
"""A frame that arrives later than this after the one before it begins a new line."""


LATER_FIELDS = frozenset(("replays", "engine", "model"))
"""Of events, that traces did not have at first."""


class RecognitionTrace:
    """Takes one stream's trace to its file. ``frame`` is on the media path: constant time, no I/O."""

    def __init__(
        self, path: Path, disk: RecordingDisk, began_ms: float, unwritten: Callable[[str], None] = told_to_nobody
    ) -> None:
        self._path = path
        self._disk, self._unwritten = disk, unwritten
        self._began_ms = began_ms
        self._frames: list[Feed] = []
        self._arrivals_ms: list[float] = []
        self._to_ms = 0
        self._echo: EchoState | None = None
        self._has_begun = False

    def frame(self, frame: Feed, now_ms: float) -> None:
        """Note a frame that has arrived. Lines are made of many at once: that is cheaper."""
        self._frames.append(frame)
        self._arrivals_ms.append(now_ms)
        self._to_ms = frame.at_ms + FRAME_MS
        if len(self._frames) >= FRAMES_PER_LINE:
            self.flush()

    def event(self, event: RecognizerEvent, now_ms: float) -> None:
        """Write an event of a recogniser. Called by the pump, not on the media path."""
        values = msgspec.to_builtins(event, enc_hook=_code_of)
        # Absent where nothing is said by them: versions of before read what is written of a line with one engine.
        values = {name: value for name, value in values.items() if value or name not in LATER_FIELDS}
        line = {"event": KIND_OF[type(event)], "now_ms": round(now_ms - self._began_ms), "after_ms": self._to_ms}
        self._put({**line, **values})

    def plays(self, at_ms: int, levels_dbfs: Sequence[float]) -> None:
        """Write our own sound, played from a media time on: the level of each 20 ms."""
        levels = bytes(min(127, max(0, round(-level))) for level in levels_dbfs)
        self._put({"plays": at_ms, "levels": base64.b64encode(levels).decode("ascii")})

    def cleared(self, at_ms: int) -> None:
        """Write that none of it is played from a media time on."""
        self._put({"cleared": at_ms})

    def echo(self, at_ms: int, echo: EchoState) -> None:
        """Write what is known of its echo, where that has changed."""
        if echo != self._echo:
            self._echo = echo
            self._put({"echo": at_ms, **asdict(echo)})

    def stopped(self, now_ms: float) -> None:
        """Write that no more audio comes."""
        self._put({"event": "Stopped", "now_ms": round(now_ms - self._began_ms)})

    def finish(self) -> None:
        """Write what is left: nothing more comes."""
        self.flush()
        if self._has_begun:
            self._disk.finish(self._path, self._unwritten)

    def flush(self) -> None:
        """Write the frames that have gathered; a gap begins a new line."""
        levels, gaps = bytearray(), bytearray()
        begins_ms = next_ms = first_ms = last_ms = 0
        for frame, now_ms in zip(self._frames, self._arrivals_ms, strict=True):
            arrived_ms = round(now_ms - self._began_ms)
            if levels and (frame.at_ms != next_ms or arrived_ms - last_ms > MAX_GAP_MS):
                self._put_frames(begins_ms, first_ms, levels, gaps)
                levels, gaps = bytearray(), bytearray()
            if not levels:
                begins_ms, first_ms, last_ms = frame.at_ms, arrived_ms, arrived_ms
            levels.append(min(127, round(-frame.level_dbfs)) | (VOICED if frame.voiced else 0))
            gaps.append(arrived_ms - last_ms | (UNVOICED if frame.unvoiced or frame.echoed else 0))
            next_ms, last_ms = frame.at_ms + FRAME_MS, arrived_ms
        if levels:
            self._put_frames(begins_ms, first_ms, levels, gaps)
        self._frames.clear()
        self._arrivals_ms.clear()

    def _put_frames(self, begins_ms: int, first_ms: int, levels: bytearray, gaps: bytearray) -> None:
        levels_64, gaps_64 = (base64.b64encode(values).decode("ascii") for values in (levels, gaps))
        self._put({"frames": begins_ms, "now_ms": first_ms, "levels": levels_64, "gaps": gaps_64})

    def _put(self, line: dict[str, Any]) -> None:
        self._has_begun = True
        self._disk.put(self._path, msgspec.json.encode(line) + b"\n", unwritten=self._unwritten)


def _code_of(error: RecognizerError) -> str:
    return error.code


def read_trace(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a trace; half a line at the end is skipped. Raises StorageError, OSError.

    A frame line gets lists: ``voiced``, ``dbfs``, and, where the trace is new enough, ``arrived_ms``, ``unvoiced`` and
    ``echoed``. One of our own sound gets ``dbfs``.
    """
    for raw in lines_of(path):
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if "plays" in line:
            line["dbfs"] = [-level for level in base64.b64decode(line.pop("levels"))]
        if "frames" in line:
            levels = base64.b64decode(line.pop("levels"))
            line["voiced"] = [bool(level & VOICED) for level in levels]
            line["dbfs"] = [-(level & ~VOICED) for level in levels]
        if "gaps" in line:
            gaps = base64.b64decode(line.pop("gaps"))
            line["arrived_ms"] = list(accumulate((gap & ~UNVOICED for gap in gaps[1:]), initial=line["now_ms"]))
            bits = [bool(gap & UNVOICED) for gap in gaps]
            line["unvoiced"] = [bit and voiced for bit, voiced in zip(bits, line["voiced"], strict=True)]
            line["echoed"] = [bit and not voiced for bit, voiced in zip(bits, line["voiced"], strict=True)]
        yield line
