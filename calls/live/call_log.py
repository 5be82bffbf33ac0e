"""What a running call leaves behind: records for the writer, updates for those who watch. On the loop; never waits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.utils import timezone

from calls.core.actions import Note, Partial
from calls.core.agent_turns import AgentTurn, Outcome, as_if_cut_off
from calls.core.kept_words import EVERYTHING, Keeps
from calls.core.messages import Start
from calls.core.numbering import NUMBERS_A_STREAM, key_of
from calls.core.other_engines import other_engine_s
from calls.core.recognition_health import RecognitionStatus
from calls.core.secret_words import SecretWords
from calls.core.session import CallSession
from calls.core.status import CallStatus
from calls.core.turns import Turn
from calls.live.answer_count import AnswerCount
from calls.process.live_updates import shown, shown_answer, shown_value
from calls.process.services import Services
from calls.reply.limits import LIMITS
from calls.storage.columns import fitted
from calls.storage.records import (
    AgentTurnSaved,
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    TurnSaved,
    ValueSaved,
)
from stt.streaming.billing import Billed
from stt.tuning import Tuning
from voiceapp.runtime import metrics
from voiceapp.runtime.this_process import PROCESS

logger = logging.getLogger(__name__)


class CallLog:
    """One media stream's."""

    def __init__(self, call_sid: str, stream_index: int, services: Services, keeps: Keeps = EVERYTHING) -> None:
        self._services, self._keeps = services, keeps
        self._call_sid = call_sid
        self._stream_index = stream_index
        self._to_number = ""
        """Of the line: each update says whose it is (calls/desk/supervision/socket.py)."""
        self._stream_sid = ""
        """Empty until the stream has started."""
        self._events = stream_index * NUMBERS_A_STREAM
        self._hearing_notes = 0
        self._values = 0
        self._shown: tuple[str, ...] | None = None
        self._answers = AnswerCount()
        self._secrets = SecretWords()
        self._playing: int | None = None
        """The number of the answer that is being heard."""

    def begun(self, start: Start, tuning: Tuning, recording: str, state: RecognitionStatus) -> None:
        """The stream has started. ``recording``: its path, relative to VAR_DIR."""
        self._stream_sid = start.stream_sid
        # Those who watch are shown what the row will say.
        record = fitted(
            CallStarted(
                call_sid=self._call_sid,
                stream_sid=start.stream_sid,
                started_at=timezone.now(),
                from_number=start.parameters.get("from_number", ""),
                to_number=start.parameters.get("to_number", ""),
                tuning=tuning.as_dict(),
                process=PROCESS,
                stream_index=self._stream_index,
                recording=recording,
                keeps=self._keeps.to_mapping(),
            )
        )
        self._services.writer.accept(record)
        self._to_number = record.to_number
        self._publish(
            "call",
            state="started",
            **{"from": record.from_number},
            started_at=record.started_at.isoformat(),
            process=PROCESS,
        )
        self.heard_by(state)
        for code in self._keeps.codes:
            self.note(Note(code))

    def heard_by(self, state: RecognitionStatus) -> None:
        """Another recogniser hears from now on, or none."""
        if self._stream_sid:
            self._hearing_notes += 1
            self._services.writer.accept(
                HearingNoted(self._call_sid, self._stream_sid, state.value, self._hearing_notes)
            )

    def note(self, note: Note) -> None:
        """A row of CallEvent."""
        self._events += 1
        metrics.EVENTS.labels(note.code).inc()
        event = EventNoted(
            self._call_sid, self._events, timezone.now(), note.code, note.detail, stream_sid=self._stream_sid
        )
        self._services.writer.accept(event)
        key = key_of(self._stream_sid, event.number)
        self._publish(
            "note", key=key, number=event.number, code=event.code, detail=event.detail, at=event.at.isoformat()
        )

    def partial(self, partial: Partial) -> None:
        """Words as they are spoken: only shown."""
        key = key_of(self._stream_sid, partial.utterance)
        text = self._keeps.shown_partial(self._secrets.hidden_partial(partial.text))
        self._publish("partial", key=key, number=partial.utterance, text=text)

    def accepted(self, turn: Turn) -> None:
        """A turn is handed on."""
        self._save(replace(turn, loop_lag_ms=self._services.loop_lag.p95_ms))
        metrics.TURNS.labels(turn.source).inc()
        metrics.TURNS_BY_ENGINE.labels(turn.engine).inc()
        for stage, ms in (("partial", turn.partial_ms), ("final", turn.final_ms)):
            if ms is not None:
                metrics.TURN_STAGES.labels(stage).observe(ms / 1000)
        self._log_latencies(turn)

    def revised(self, turn: Turn) -> None:
        """Late words changed it."""
        self._save(turn)

    def answered(self, turn: AgentTurn, *, playing: bool = False) -> None:
        """The line's answer as it stands: at its first frame, whenever more of it was heard, at its end.

        ``playing``: more of it is still to be heard. Until then its row says that it was cut off, as it is if this
        process dies.
        """
        self._playing = turn.number if playing else None
        self._save_answer(turn)
        if self._answers.note(turn):
            self._log_latencies(turn)

    def resumed(self, turn: AgentTurn, stream_sid: str) -> None:
        """The rest of an earlier stream's answer is said in this one."""
        turn = replace(turn, heard=replace(turn.heard, outcome=Outcome.RESUMED), revision=turn.revision + 1)
        self._services.writer.accept(AgentTurnSaved(self._call_sid, self._keeps.stored_answer(turn), stream_sid))
        told = self._keeps.shown_answer(turn)
        self._publish("answer", **shown_answer(told, key_of(stream_sid, turn.number)), playing=False)

    def answer_ended(self, code: str) -> None:
        """An answer is over. ``code``: how it failed; empty where it did not."""
        self._answers.ended(code)
        if code not in LIMITS:
            self._services.alarms.answer_ended(self._to_number, failed=bool(code))

    def keep(self, key: str, value: str, *, secret: bool = False) -> None:
        """A value that the caller said. A secret one is taken out of the words that were said before as well."""
        self._values += 1
        number = self._stream_index * NUMBERS_A_STREAM + self._values
        if self._keeps.words:
            self._services.writer.accept(ValueSaved(self._call_sid, key, value, secret, number, self._stream_sid))
        self._publish("value", **shown_value(key, value, secret=secret))
        if secret:
            self.hide(value)

    def hide(self, value: str) -> None:
        """A secret value is known, of this stream or an earlier one: no words have it from now on, nor those that were
        said before."""
        turns, answers = self._secrets.found(value)
        for turn in turns:
            self._save(turn)
        for answer in answers:
            self._save_answer(answer)

    def look(self, look: CallStatus) -> None:
        """Speech has begun or ended, the recogniser's health has changed, or a supervisor has made the line be quiet:
        those who watch see it at once."""
        shown = (look.shows, look.hears, look.quiet_by, look.stand_in)
        if self._shown != shown:
            self._shown = shown
            told = {"shows": look.shows, "hears": look.hears, "quiet_by": look.quiet_by, "stand_in": look.stand_in}
            self._publish("state", **told)

    def end_chosen(self, end_reason: str, written: Callable[[], None]) -> None:
        """We end the call. ``written``: called from the writer's thread when that is a row."""
        self._services.writer.accept_end(EndChosen(self._call_sid, self._stream_sid, end_reason), written)

    def ended(
        self,
        session: CallSession,
        end_reason: str,
        *,
        streams: Billed,
        one_shots: Billed,
        answers: tuple[int, int] = (0, 0),
    ) -> None:
        """The call's record is complete. ``streams``, ``one_shots``: what engines bill for them.
        ``answers``: their tokens and synthesised characters, also of those that were withdrawn."""
        self._answers.count()
        self._services.writer.accept(
            CallEnded(
                call_sid=self._call_sid,
                stream_sid=self._stream_sid,
                ended_at=timezone.now(),
                end_reason=end_reason,
                frames_received=session.audio.received.frames,
                frames_lost=session.audio.received.lost,
                speech_ms=session.speech_ms,
                counters=dict(session.counters),
                frame_delay_ms=session.audio.received.delays.summary(),
                stt_streams=streams.requests,
                stt_stream_s=streams.seconds,
                one_shots=one_shots.requests,
                one_shot_s=one_shots.seconds,
                other_engine_s=other_engine_s(streams.seconds_by_engine, one_shots.seconds_by_engine),
                reply_tokens=answers[0],
                reply_characters=answers[1],
                answers_failed=self._answers.failed,
            )
        )
        self._publish("call", state="ended")

    def _log_latencies(self, turn: Turn | AgentTurn) -> None:
        self._services.traces.put(self._call_sid, turn)
        of_what = {"call": self._call_sid, "turn": turn.number}
        logger.info("%s call=%s", turn.latency_line(), self._call_sid, extra=of_what)

    def _save(self, turn: Turn) -> None:
        turn = self._secrets.hidden(turn)
        self._services.writer.accept(TurnSaved(self._call_sid, self._keeps.stored(turn), self._stream_sid))
        self._publish("turn", **shown(self._keeps.shown(turn), key_of(self._stream_sid, turn.number)))

    def _save_answer(self, turn: AgentTurn) -> None:
        playing = turn.number == self._playing
        turn = self._secrets.hidden_answer(turn)
        stored = self._keeps.stored_answer(as_if_cut_off(turn) if playing else turn)
        self._services.writer.accept(AgentTurnSaved(self._call_sid, stored, self._stream_sid))
        told = self._keeps.shown_answer(turn)
        self._publish("answer", **shown_answer(told, key_of(self._stream_sid, turn.number)), playing=playing)

    def _publish(self, kind: str, **values: Any) -> None:
        about = {"call": self._call_sid, "stream": self._stream_sid, "to": self._to_number}
        self._services.updates.publish({"kind": kind, **about, **values})
