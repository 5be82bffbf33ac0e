"""Where a call's recordings are, and which part of them a turn is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.core.numbering import NUMBERS_A_STREAM
from calls.desk.review.wave import Wave
from calls.storage.call_streams import CallStream, call_streams
from calls.storage.losses import lacking_ms
from calls.storage.models import Call, Transcript
from calls.storage.recording import RecordingError
from voiceapp.runtime.coded_error import CodedError

LEAD_MS, TAIL_MS = 100, 300
"""Played around a turn: a word begins and fades out beyond the frames in which the voice detector hears it."""
UNWRITTEN = "recording_unwritten"
"""The code of the event, and of why nothing can be played (calls/live/unwritten_note.py)."""
WHY_SILENT = {
    "no_recording": _("There is no recording: it was never made, or it has been purged."),
    "damaged_recording": _("There is a recording, but it is damaged and cannot be played."),
    UNWRITTEN: _("There is no recording: the disk took nothing of it."),
    "storage_key_missing": _(
        "The recording is encrypted by a key that this server does not have: its STORAGE_KEYS lack it."
    ),
    "storage_keys_unusable": _("This server cannot read its STORAGE_KEYS, and so no recording: see manage.py doctor."),
    "storage_format_unknown": _("The recording is encrypted in a way that this version does not know."),
    "still_recording": _("The call is still being recorded: it can be listened to when it has ended."),
}


class NoRecording(CodedError):
    """Nothing to be heard; ``code`` is one of WHY_SILENT."""


@dataclass(frozen=True, slots=True)
class RecordedStream:
    """One of a call's streams, as its page shows it."""

    number: int
    """From 1, in the order in which they began."""
    stream_sid: str
    wave: Wave | None
    code: str = ""
    """Why there is no wave."""
    lacking_ms: int = 0
    """So much less is in the file than came."""
    is_unwritten: bool = False
    """The disk did not take all of it: an event of the call says so."""

    @property
    def is_whole(self) -> bool:
        """False where its end is missing."""
        return self.wave is None or (self.wave.is_whole and not self.lacking_ms)

    @property
    def length(self) -> str:
        """As players say it: h:mm:ss."""
        return str(timedelta(seconds=self.wave.duration_ms // 1000)) if self.wave else ""

    @property
    def why_silent(self) -> str:
        return str(WHY_SILENT[self.code])


@dataclass(frozen=True, slots=True)
class Part:
    """What a turn's button plays, in seconds of its stream's WAV file."""

    stream: int
    from_s: float
    to_s: float


def streams_of(call: Call) -> list[RecordedStream]:
    """In the order in which they began. Reads the edges of their files. Blocking."""
    streams = []
    unwritten = _unwritten_blocks(call)
    for number, stream in enumerate(call_streams(call.streams), 1):
        is_unwritten = stream.block in unwritten
        try:
            wave = _wave(stream)
            lacks_ms = lacking_ms(stream, wave.duration_ms)
            streams.append(RecordedStream(number, stream.stream_sid, wave, "", lacks_ms, is_unwritten))
        except NoRecording as error:
            nothing_came = is_unwritten and error.code in ("no_recording", "damaged_recording")
            code = UNWRITTEN if nothing_came else error.code
            streams.append(RecordedStream(number, stream.stream_sid, None, code))
    return streams


def recording_of(call: Call, number: int) -> tuple[str, Wave]:
    """The StreamSid and the audio of the stream with this number. Blocking. Raises NoRecording."""
    streams = call_streams(call.streams)
    if not 1 <= number <= len(streams):
        raise NoRecording("no_recording")
    stream = streams[number - 1]
    return stream.stream_sid, _wave(stream)


def part_of(turn: Transcript, streams: list[RecordedStream]) -> Part | None:
    """Where the turn is heard: streams stand one behind the other on the call's media time."""
    for stream in reversed(streams):
        if stream.wave is not None and stream.wave.begins_ms < turn.ended_ms:
            begins_ms, ends_ms = stream.wave.begins_ms, stream.wave.ends_ms
            from_ms, to_ms = max(begins_ms, turn.started_ms - LEAD_MS), min(ends_ms, turn.ended_ms + TAIL_MS)
            if from_ms >= to_ms:
                return None
            return Part(stream.number, (from_ms - begins_ms) / 1000, (to_ms - begins_ms) / 1000)
    return None


def _wave(stream: CallStream) -> Wave:
    """Raises NoRecording."""
    path = _path(stream)
    if path is None:
        raise NoRecording("no_recording")
    if _is_running(stream):
        # It grows: a player that has been told one length must not meet another.
        raise NoRecording("still_recording")
    try:
        return Wave(path)
    except RecordingError as error:
        if not path.stat().st_size:
            raise NoRecording(UNWRITTEN) from error
        raise NoRecording(error.code if error.code in WHY_SILENT else "damaged_recording") from error
    except OSError as error:
        raise NoRecording("damaged_recording" if path.exists() else "no_recording") from error


def _unwritten_blocks(call: Call) -> set[int]:
    """Of the streams of which the disk did not take all."""
    numbers = call.events.filter(code=UNWRITTEN).values_list("number", flat=True)
    return {number // NUMBERS_A_STREAM for number in numbers}


def _path(stream: CallStream) -> Path | None:
    """Of the stream's file; None where its row names none inside VAR_DIR."""
    name = stream.recording
    if not name or "\0" in name:
        return None
    # By name: that recordings/ is a link to another disk is its operator's business.
    path = Path(os.path.normpath(Path(settings.VAR_DIR) / name))
    return path if path.is_relative_to(settings.VAR_DIR) else None


def _is_running(stream: CallStream) -> bool:
    """One that never ended because its process died is over when no call can last that long."""
    longest = timedelta(seconds=settings.MAX_CALL_S)
    began_at = stream.started_at
    return not stream.has_ended and began_at is not None and began_at > timezone.now() - longest
