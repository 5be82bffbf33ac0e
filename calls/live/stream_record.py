"""What one media stream leaves on disk, side by side: its audio and its recognition trace from its start message on,
and what the line said in it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from calls.core.actions import Feed
from calls.storage.recording import LineRecorder, Recorder, RecordingDisk, file_name
from calls.storage.trace import RecognitionTrace
from stt.events import RecognizerEvent


class StreamRecord:
    """Nothing is kept before ``begin``: no stream has started, or it was not its call's."""

    def __init__(self, disk: RecordingDisk) -> None:
        self._disk = disk
        self._files: tuple[Recorder, RecognitionTrace, LineRecorder] | None = None
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
            recorder, trace, _ = self._files
            recorder.push(frame.at_ms, frame.ulaw)
            trace.frame(frame, arrived_ms)

    def said(self, at_ms: int, ulaw: bytes) -> None:
        """The line's sound, as it was played: at its media time, cut where it was cleared. No I/O."""
        if self._files is not None:
            self._files[2].push(at_ms, ulaw)

    def event(self, event: RecognizerEvent, now_ms: float) -> None:
        """What a recogniser said."""
        if self._files is not None:
            self._files[1].event(event, now_ms)

    def stopped(self, now_ms: float) -> None:
        """No more audio comes."""
        if self._files is not None:
            self._files[1].stopped(now_ms)

    def flush(self) -> None:
        """Hand the last second on."""
        if self._files is not None:
            for file in self._files:
                file.flush()


def recording_path(call_sid: str, stream_sid: str) -> str:
    """Where a stream's audio is kept, relative to VAR_DIR."""
    return f"recordings/{timezone.now():%Y%m%d}/{file_name(call_sid)}-{file_name(stream_sid)}.vrec"
