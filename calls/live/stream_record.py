"""What one media stream leaves on disk, side by side: its audio and its recognition trace from its start message on,
and what the line said in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from calls.core.actions import Feed
from calls.core.echo_control import EchoState
from calls.storage.recording import LineRecorder, Recorder, RecordingDisk, file_name
from calls.storage.trace import RecognitionTrace
from stt.audio import FRAME_MS
from stt.events import RecognizerEvent

FRAMES_A_SLOT = 1000 // FRAME_MS
"""Frames are handed on a second at a time, as a slot of the recording holds them: of a hundred calls none has its
files' buffers in a cache, and to touch them for each frame costs more than what is done there."""


class StreamRecord:
    """Nothing is kept before ``begin``: no stream has started, or it was not its call's."""

    def __init__(self, disk: RecordingDisk) -> None:
        self._disk = disk
        self._files: tuple[Recorder, RecognitionTrace, LineRecorder] | None = None
        self._frames: list[Feed] = []
        """Of the last second, not recorded yet."""
        self._arrivals_ms: list[float] = []
        """When each of them arrived."""
        self._traced = 0
        """How many of them the trace has already."""
        self.path = ""
        """Of the audio, relative to VAR_DIR; empty before ``begin``."""

    def begin(self, call_sid: str, stream_sid: str, arrived_ms: float) -> None:
        """The stream is its call's: it is recorded from its first frame on."""
        # The path is made once: asked for again after midnight it would be another day's.
        self.path = recording_path(call_sid, stream_sid)
        path = Path(settings.VAR_DIR) / self.path
        trace = RecognitionTrace(path.with_suffix(".trace"), self._disk, arrived_ms)
        self._files = Recorder(path, self._disk), trace, LineRecorder(path, self._disk)

    def frame(self, frame: Feed, arrived_ms: float) -> None:
        """The media path: constant time, no I/O."""
        if self._files is not None:
            self._frames.append(frame)
            self._arrivals_ms.append(arrived_ms)
            if len(self._frames) == FRAMES_A_SLOT:
                self._record(*self._files[:2])

    def said(self, at_ms: int, ulaw: bytes) -> None:
        """The line's sound, as it was played: at its media time, cut where it was cleared. No I/O."""
        if self._files is not None:
            self._files[2].push(at_ms, ulaw)

    def event(self, event: RecognizerEvent, now_ms: float) -> None:
        """What a recogniser said."""
        if self._files is not None:
            self._trace(self._files[1])
            self._files[1].event(event, now_ms)

    def plays(self, at_ms: int, levels_dbfs: Sequence[float]) -> None:
        """The line's sound is sent, and played from this media time on: its levels, for the trace."""
        if self._files is not None:
            self._files[1].plays(at_ms, levels_dbfs)

    def cleared(self, at_ms: int) -> None:
        """What of it would be played from this media time on is not played."""
        if self._files is not None:
            self._files[1].cleared(at_ms)

    def echo(self, at_ms: int, echo: EchoState) -> None:
        """What is known of our own voice on the line."""
        if self._files is not None:
            self._files[1].echo(at_ms, echo)

    def stopped(self, now_ms: float) -> None:
        """No more audio comes."""
        if self._files is not None:
            self._trace(self._files[1])
            self._files[1].stopped(now_ms)

    def flush(self) -> None:
        """Hand the last second on."""
        if self._files is not None:
            self._record(*self._files[:2])
            for file in self._files[1:]:
                file.flush()

    def _record(self, recorder: Recorder, trace: RecognitionTrace) -> None:
        """Hand on the frames that have gathered."""
        self._trace(trace)
        for frame in self._frames:
            recorder.push(frame.at_ms, frame.line_ulaw or frame.ulaw)
        recorder.flush()
        self._frames.clear()
        self._arrivals_ms.clear()
        self._traced = 0

    def _trace(self, trace: RecognitionTrace) -> None:
        """Give the trace the frames that it has not: an event is noted with the audio that had come before it."""
        for index in range(self._traced, len(self._frames)):
            trace.frame(self._frames[index], self._arrivals_ms[index])
        self._traced = len(self._frames)


def recording_path(call_sid: str, stream_sid: str) -> str:
    """Where a stream's audio is kept, relative to VAR_DIR."""
    return f"recordings/{timezone.now():%Y%m%d}/{file_name(call_sid)}-{file_name(stream_sid)}.vrec"
