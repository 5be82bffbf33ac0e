"""Where a call's hearing traces and recordings are, read back. Blocking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from calls.core.numbering import NUMBERS_A_STREAM, blocks
from calls.storage.models import Call
from calls.storage.recording import Recording, RecordingError
from calls.storage.trace import read_trace
from calls.whatif.recorded_call import Audio, RecordedCall, heard_of
from stt.tuning import Tuning, TuningError


class TraceMissing(Exception):
    """``code``: ``trace_missing`` (purged, or never written) | ``trace_unreadable`` | ``settings_out_of_bounds``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class StreamTrace:
    heard: RecordedCall
    audio: Audio | None
    """None where the recording is gone."""
    first_number: int
    """Of its turns."""


def tuning_of(call: Call) -> Tuning:
    """What the call ran with. Raises TraceMissing: bounds are not for ever."""
    try:
        return Tuning.from_mapping(call.tuning)
    except TuningError as error:
        raise TraceMissing("settings_out_of_bounds") from error


def traces_of(call: Call) -> list[StreamTrace]:
    """Of each of a call's streams, in their order. Raises TraceMissing."""
    order = blocks(call.streams)
    if not order:
        raise TraceMissing("trace_missing")
    return [_trace(call.streams[sid].get("recording", ""), 1 + order[sid] * NUMBERS_A_STREAM) for sid in order]


def _trace(recording: str, first_number: int) -> StreamTrace:
    path = Path(settings.VAR_DIR) / recording
    if not recording or not path.with_suffix(".trace").is_file():
        raise TraceMissing("trace_missing")
    try:
        heard = heard_of(read_trace(path.with_suffix(".trace")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TraceMissing("trace_unreadable") from error
    if not heard.frames:
        raise TraceMissing("trace_missing")
    try:
        audio = Audio(*Recording(path).ulaw())
    except (OSError, RecordingError):
        audio = None
    return StreamTrace(heard, audio, first_number)
