"""Closes the calls of a process that died, and recognises recorded speech that is not a turn yet.

The process's journal is rows by now (calls/storage/journal_recovery.py). Runs once for each journal, in a thread of its
own, and asks the one-shot recogniser.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Count, Q, Sum

from calls.core.agent_turns import Outcome
from calls.core.kept_words import Keeps
from calls.core.numbering import NUMBERS_A_STREAM, RECOVERED_NUMBER, give_block
from calls.core.one_shots import MIN_ONE_SHOT_MS, PRE_ROLL_MS
from calls.core.turns import EndReason, Source, Turn
from calls.storage.models import Call, Transcript, TurnQuerySet
from calls.storage.recording import Recording, RecordingError
from calls.storage.records import CallEnded, CallStarted, Record, TurnSaved
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, duration_ms, frames_of, ulaw_to_pcm
from stt.endpointing import silero
from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechEnded
from stt.endpointing.recorded import utterances_in
from stt.engines.one_shot_chain import OneShotAnswer
from stt.events import RecognizerError
from stt.tuning import Tuning, TuningError
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

DATABASE_RETRY_S = 1.0
"""A database that is away is asked again this often."""

Found = TypeVar("Found")


class OneShotRecognizer(Protocol):
    """What recognises a recording's speech: the process's Recognition."""

    @property
    def one_shot_name(self) -> str:
        """The engine's name on rows of what it did not answer."""

    def answer(self, pcm: bytes, tuning: Tuning) -> OneShotAnswer:
        """The words of 8 kHz PCM16. Blocking. Raises RecognizerError."""


def recover_in_background(
    recognizer: OneShotRecognizer, started: list[CallStarted], accept: Callable[[Record], None]
) -> None:
    """Start ``recover`` in a thread and return at once."""
    background.thread("recovery", partial(recover, recognizer, started, accept), once=True).start()


def recover(recognizer: OneShotRecognizer, started: Iterable[CallStarted], accept: Callable[[Record], None]) -> None:
    """Close each stream's call and give its unheard speech to the one-shot recogniser. Blocking."""
    for stream in started:
        begins_ms, ulaw, speech = _recorded(stream)
        tokens, characters, failed = _from_database(partial(_answers, stream))
        accept(
            CallEnded(
                call_sid=stream.call_sid,
                stream_sid=stream.stream_sid,
                ended_at=stream.started_at + timedelta(milliseconds=duration_ms(ulaw)),
                end_reason="crashed",
                frames_received=len(ulaw) // FRAME_BYTES,
                frames_lost=0,
                speech_ms=sum(ended.voiced_ms for ended in speech),
                # What its streams were fed died with the process: at most what was recorded.
                stt_stream_s=-(-duration_ms(ulaw) // 1000),
                # Of answers that sounded: what was withdrawn died with the process as well.
                reply_tokens=tokens,
                reply_characters=characters,
                answers_failed=failed,
            )
        )
        try:
            for turn in _recovered_turns(recognizer, stream, ulaw, begins_ms, speech):
                metrics.TURNS_RECOVERED.inc()
                kept = Keeps.from_mapping(stream.keeps).stored(turn)
                accept(TurnSaved(stream.call_sid, kept, stream.stream_sid))
        except Exception:
            # The wall: the other streams are still to be closed and heard again.
            metrics.THREADS_FAILED.labels("recovery").inc()
            logger.exception("call %s: not all of it was heard again", stream.call_sid)


def _recorded(stream: CallStarted) -> tuple[int, bytes, list[SpeechEnded]]:
    """The media time at which a stream's audio begins, the audio and the speech in it; empty when it cannot be read."""
    try:
        begins_ms, ulaw = Recording(Path(settings.VAR_DIR) / stream.recording).ulaw()
        return begins_ms, ulaw, _speech_in(ulaw, begins_ms, _tuning_of(stream))
    except (OSError, RecordingError) as error:
        why = error.code if isinstance(error, RecordingError) else type(error).__name__
        logger.warning("call %s: no recording to recover (%s)", stream.call_sid, why)
    except Exception:
        # The wall: whatever it holds, its call is closed.
        metrics.THREADS_FAILED.labels("recovery").inc()
        logger.exception("call %s: its recording could not be recovered", stream.call_sid)
    return 0, b"", []


def _speech_in(ulaw: bytes, begins_ms: int, tuning: Tuning) -> list[SpeechEnded]:
    """The utterances of recorded audio."""
    endpointer = Endpointer(EndpointOptions.of(tuning), silero.of_recording(tuning))
    return [ended for ended, _ in utterances_in(frames_of(ulaw), endpointer, begins_ms)]


def _recovered_turns(
    recognizer: OneShotRecognizer, stream: CallStarted, ulaw: bytes, begins_ms: int, speech: list[SpeechEnded]
) -> Iterator[Turn]:
    number = stream.stream_index * NUMBERS_A_STREAM + RECOVERED_NUMBER
    for ended in speech:
        if ended.voiced_ms < MIN_ONE_SHOT_MS or _is_a_turn(stream, ended):
            continue
        number += 1
        from_ms = max(0, ended.start_ms - PRE_ROLL_MS - begins_ms)
        to_ms = ended.end_ms + PRE_ROLL_MS - begins_ms
        text, code, engine = "", "", recognizer.one_shot_name
        try:
            pcm = ulaw_to_pcm(ulaw[from_ms * BYTES_PER_MS : to_ms * BYTES_PER_MS])
            answer = recognizer.answer(pcm, _tuning_of(stream))
            text, engine = " ".join(word.text for word in answer.final.words), answer.engine
        except RecognizerError as error:
            code = error.code
        yield Turn(
            number=number,
            started_ms=ended.start_ms,
            ended_ms=ended.end_ms,
            text=text,
            source=Source.FALLBACK if text else Source.NONE,
            end_reason=EndReason.HANGUP,
            rule="recovered",
            code=code or ("" if text else "no_words"),
            engine=engine,
        )


def _from_database(ask: Callable[[], Found]) -> Found:
    """What a query says. Waits for a database that is away: a guess could double words, and forget what is charged."""
    while True:
        close_old_connections()
        try:
            return ask()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("recovery waits for the database (%s)", type(error).__name__)
            time.sleep(DATABASE_RETRY_S)


def _is_a_turn(stream: CallStarted, ended: SpeechEnded) -> bool:
    """Half of the speech or more is in turns of its stream."""
    spans = _from_database(partial(_spans_of, stream, ended))
    shared_ms = sum(min(end, ended.end_ms) - max(start, ended.start_ms) for start, end in spans)
    return shared_ms * 2 >= max(FRAME_MS, ended.end_ms - ended.start_ms)


def _spans_of(stream: CallStarted, ended: SpeechEnded) -> list[tuple[int, int]]:
    """When the stream's turns that overlap the speech begin and end. Turns of other streams may be at the same time."""
    shared = _turns_of(stream).heard().filter(started_ms__lt=ended.end_ms, ended_ms__gt=ended.start_ms)
    return list(shared.values_list("started_ms", "ended_ms"))


def _answers(stream: CallStarted) -> tuple[int, int, int]:
    """Tokens and synthesised characters of the stream's answers, and how many failed, as their rows have them."""
    failed = Count("pk", filter=Q(outcome=Outcome.FAILED))
    sums = _turns_of(stream).aggregate(tokens=Sum("tokens"), characters=Sum("characters"), failed=failed)
    return sums["tokens"] or 0, sums["characters"] or 0, sums["failed"]


def _turns_of(stream: CallStarted) -> TurnQuerySet:
    call = Call.objects.filter(call_sid=stream.call_sid).first()
    if call is None:
        return Transcript.objects.none()
    first = give_block(call.streams, stream.stream_sid, stream.stream_index) * NUMBERS_A_STREAM
    return Transcript.objects.filter(call=call, number__range=(first, first + NUMBERS_A_STREAM - 1))


def _tuning_of(stream: CallStarted) -> Tuning:
    try:
        return Tuning.from_mapping(stream.tuning)
    except TuningError:
        return Tuning()
