"""What one media stream leaves on disk, side by side: its audio and its recognition trace from its start message on,
and what the line said in it; of these what its line keeps. And its sound for whoever listens in meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from calls.core.actions import Feed
from calls.core.echo_control import EchoState
from calls.core.kept_words import EVERYTHING, Keeps
from calls.live.sound_tap import SoundTap, Track
from calls.storage.recording import LineRecorder, Recorder, file_name
from calls.storage.recording_disk import RecordingDisk, told_to_nobody
from calls.storage.trace import RecognitionTrace
from stt.audio import FRAME_MS
from stt.events import RecognizerEvent

FRAMES_A_SLOT = 1000 // FRAME_MS
"""Frames are handed on a second at a time, as a slot of the recording holds them: of a hundred calls none has its
files' buffers in a cache, and to touch them for each frame costs more than what is done there."""


class StreamRecord:
    """Nothing is kept before ``begin``: no stream has started, or it was not its call's."""

    def __init__(
        self, disk: RecordingDisk, keeps: Keeps = EVERYTHING, unwritten: Callable[[str], None] = told_to_nobody
    ) -> None:
        """``unwritten`` is told why the disk does not take a part of it: see ``RecordingDisk.put``."""
        self._disk, self._keeps, self._unwritten = disk, keeps, unwritten
        self._audio: tuple[Recorder, LineRecorder] | None = None
        """Of a line that keeps recordings."""
        self._words: RecognitionTrace | None = None
        """Of one that keeps words."""
        self._frames: list[Feed] = []
        """Of the last second, not recorded yet."""
        self._arrivals_ms: list[float] = []
        """When each of them arrived."""
        self._traced = 0
        """How many of them the trace has already."""
        self._tap: SoundTap | None = None
        self.path = ""
        """Of the audio, relative to VAR_DIR; empty before ``begin``, and where nothing is kept."""

    def begin(self, call_sid: str, stream_sid: str, arrived_ms: float) -> None:
        """The stream is its call's: it is recorded from its first frame on."""
        self._tap = SoundTap(call_sid)
        if not self._keeps.anything:
            return
        # The path is made once: asked for again after midnight it would be another day's.
        self.path = recording_path(call_sid, stream_sid)
        path = Path(settings.VAR_DIR) / self.path
        if self._keeps.recordings:
            self._audio = Recorder(path, self._disk, self._unwritten), LineRecorder(path, self._disk, self._unwritten)
        if self._keeps.words:
            self._words = RecognitionTrace(path.with_suffix(".trace"), self._disk, arrived_ms, self._unwritten)

    def listen_in(self) -> None:
        """Somebody listens: the sound goes to them for a while, whatever is kept (calls/live/sound_tap.py)."""
        if self._tap is not None:
            self._tap.open()

    def frame(self, frame: Feed, arrived_ms: float) -> None:
        """The media path: constant time, no I/O."""
        if self.path:
            self._frames.append(frame)
            self._arrivals_ms.append(arrived_ms)
            if len(self._frames) == FRAMES_A_SLOT:
                self._record()
        if self._tap is not None:
            self._tap.put(Track.CALLER, frame.at_ms, frame.line_ulaw or frame.ulaw)

    def said(self, at_ms: int, ulaw: bytes) -> None:
        """The line's sound, as it was played: at its media time, cut where it was cleared. No I/O."""
        if self._audio is not None:
            self._audio[1].push(at_ms, ulaw)

    def event(self, event: RecognizerEvent, now_ms: float) -> None:
        """What a recogniser said."""
        if self._words is not None:
            self._trace(self._words)
            self._words.event(self._keeps.traced(event), now_ms)

    def plays(self, at_ms: int, ulaw: bytes, levels_dbfs: Sequence[float]) -> None:
        """The line's sound is sent, and played from this media time on; its levels are the trace's."""
        if self._words is not None:
            self._words.plays(at_ms, levels_dbfs)
        if self._tap is not None:
            self._tap.put(Track.LINE, at_ms, ulaw)

    def cleared(self, at_ms: int) -> None:
        """What of it would be played from this media time on is not played."""
        if self._words is not None:
            self._words.cleared(at_ms)
        if self._tap is not None:
            self._tap.put(Track.CLEARED, at_ms, b"")

    def echo(self, at_ms: int, echo: EchoState) -> None:
        """What is known of our own voice on the line."""
        if self._words is not None:
            self._words.echo(at_ms, echo)

    def stopped(self, now_ms: float) -> None:
        """No more audio comes."""
        if self._words is not None:
            self._trace(self._words)
            self._words.stopped(now_ms)

    def finish(self) -> None:
        """The call is over: hand the last second on."""
        self._record()
        if self._words is not None:
            self._words.finish()
        for audio in self._audio or ():
            audio.finish()
        if self._tap is not None:
            self._tap.close()

    async def sound_sent(self) -> None:
        """Behind ``finish``: whoever listens has the last of it."""
        if self._tap is not None:
            await self._tap.sent()

    def _record(self) -> None:
        """Hand on the frames that have gathered."""
        if self._words is not None:
            self._trace(self._words)
        if self._audio is not None:
            recorder = self._audio[0]
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
