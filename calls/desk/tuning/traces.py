"""Where a call's recognition traces and recordings are, read back. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from calls.core.agent_turns import AgentTurn
from calls.core.numbering import NUMBERS_A_STREAM
from calls.storage.call_streams import call_streams
from calls.storage.losses import loss_of
from calls.storage.models import Call, Transcript
from calls.storage.recording import Recording, RecordingError
from calls.storage.trace import read_trace
from calls.whatif.answers_again import AnswerChange, answers_again
from calls.whatif.recorded_call import Audio, RecordedCall, heard_of
from stt.tuning import Tuning, TuningError
from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.file_cipher import StorageError


class TraceMissing(CodedError):
    """``code``: ``trace_missing`` (purged, or never written) | ``trace_unreadable`` | ``settings_out_of_bounds`` | a
    code of StorageError."""


@dataclass(frozen=True, slots=True)
class StreamTrace:
    heard: RecordedCall
    audio: Audio | None
    """None where the recording is gone."""
    first_number: int
    """Of its turns."""
    answers: list[AgentTurn]
    """The line's, in it."""
    echoes: frozenset[int]
    """Numbers of turns that were the line's own words."""
    damage: str = ""
    """What is missing of its trace, for an operator; empty where nothing is known to be."""

    def answers_again(self, before: Tuning, after: Tuning) -> list[AnswerChange]:
        """Its answers at both settings."""
        return answers_again(self.heard, self.answers, before, after, first=self.first_number, echoes=self.echoes)


def tuning_of(call: Call) -> Tuning:
    """What the call ran with. Raises TraceMissing: bounds are not for ever."""
    try:
        return Tuning.from_mapping(call.tuning)
    except TuningError as error:
        raise TraceMissing("settings_out_of_bounds") from error


def has_trace(call: Call) -> bool:
    """Something of it is kept that could be heard again."""
    paths = (Path(settings.VAR_DIR) / one.recording for one in call_streams(call.streams) if one.recording)
    return any(path.with_suffix(".trace").is_file() for path in paths)


def traces_of(call: Call) -> list[StreamTrace]:
    """Of each of a call's streams, in their order. Raises TraceMissing."""
    streams = [(one.recording, one.first_number) for one in call_streams(call.streams) if one.first_number is not None]
    if not streams:
        raise TraceMissing("trace_missing")
    rows = list(call.turns.all())
    return [_trace(recording, first_number, rows) for recording, first_number in streams]


def _trace(recording: str, first_number: int, rows: Sequence[Transcript]) -> StreamTrace:
    path = Path(settings.VAR_DIR) / recording
    if not recording or not path.with_suffix(".trace").is_file():
        raise TraceMissing("trace_missing")
    try:
        heard = heard_of(read_trace(path.with_suffix(".trace")))
    except StorageError as error:
        raise TraceMissing(error.code) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TraceMissing("trace_unreadable") from error
    if not heard.frames:
        raise TraceMissing("trace_missing")
    loss = loss_of(path.with_suffix(".trace"))
    try:
        audio = Audio(*Recording(path).ulaw())
    except (OSError, RecordingError):
        audio = None
    rows = [row for row in rows if row.number // NUMBERS_A_STREAM == first_number // NUMBERS_A_STREAM]
    # An older version kept no outcome of what it may have said.
    answers = [AgentTurn.of_row(vars(row)) for row in rows if row.is_agents and row.outcome]
    echoes = frozenset(row.number for row in rows if row.echo)
    damage = loss.sentence(path.with_suffix(".trace")) if loss else ""
    return StreamTrace(heard, audio, first_number, answers, echoes, damage)
