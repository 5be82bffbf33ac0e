"""A live call's session, made of what its token says and its process knows."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from calls.core.hearing_engines import EngineTerms, HeardBy
from calls.core.numbering import NUMBERS_A_STREAM
from calls.core.session import CallSession
from calls.live.event_queue import now_ms
from calls.process.services import Services
from calls.twilio.stream_tokens import StreamToken
from stt.endpointing.endpointer import Vad
from stt.engines.guarded import GuardedEngine
from stt.engines.line_engines import LineEngines
from stt.tuning import Tuning


def new_session(
    token: StreamToken, base_ms: int, tuning: Tuning, services: Services, vad: Vad | None, line: LineEngines
) -> CallSession:
    """``base_ms``: media time at which it goes on, of a call's second stream. ``vad``: None hears by webrtcvad."""
    cancels = tuning.echo_canceller == "auto"
    (engine, model), (one_shot_engine, one_shot_model) = _named(line, line.streams), _named(line, line.one_shots)
    if cancels:
        # Its first second of our sound decides whether it is needed: until then the extra is imported.
        services.echo_cancellers.start()
    session = CallSession(
        token.call_sid,
        tuning,
        heard_by=HeardBy(engine=engine, model=model, one_shot_engine=one_shot_engine, one_shot_model=one_shot_model),
        account_sid=token.account_sid or settings.TWILIO_ACCOUNT_SID,
        longest_call_s=settings.MAX_CALL_S,
        opened_ms=now_ms(),
        base_ms=base_ms,
        first_number=token.stream_index * NUMBERS_A_STREAM + 1,
        vad=vad,
        requests=line.streams[0].requests if line.streams else None,
        half_closing=line.streams[0].half_closing if line.streams else None,
        engines=_terms(line),
        make_canceller=services.echo_cancellers.make if cancels else None,
    )
    if tuning.vad_engine == "silero" and vad is None:
        session.counters["silero_not_ready"] += 1
    return session


def _terms(line: LineEngines) -> dict[str, EngineTerms]:
    """Of each engine that can give the call streams."""
    return {
        one.name: EngineTerms(
            line.bounded(one), one.requests, one.half_closing, one.result_gaps, one.engine.capabilities.word_times
        )
        for one in line.streams
    }


def _named(line: LineEngines, engines: Sequence[GuardedEngine]) -> tuple[str, str]:
    """Name and model of the first of these, for rows."""
    return (engines[0].name, engines[0].model_name(line.tuning_of(engines[0]))) if engines else ("", "")
