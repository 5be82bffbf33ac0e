"""A live call's session, made of what its token says and its process knows."""

from __future__ import annotations

from django.conf import settings

from calls.core.numbering import NUMBERS_A_STREAM
from calls.core.session import CallSession
from calls.core.stream_control import HeardBy
from calls.live.event_queue import now_ms
from calls.process.services import Services
from calls.twilio.stream_tokens import StreamToken
from stt.endpointing.endpointer import Vad
from stt.tuning import Tuning


def new_session(token: StreamToken, base_ms: int, tuning: Tuning, services: Services, vad: Vad | None) -> CallSession:
    """``base_ms``: media time at which it goes on, of a call's second stream. ``vad``: None hears by webrtcvad."""
    recognition, cancels = services.recognition, tuning.echo_canceller == "auto"
    if cancels:
        # Its first second of our sound decides whether it is needed: until then the extra is imported.
        services.echo_cancellers.start()
    session = CallSession(
        token.call_sid,
        tuning,
        heard_by=HeardBy(
            recognition.engine_name,
            recognition.model_name(tuning),
            one_shot_engine=recognition.one_shot_name,
            one_shot_model=recognition.one_shot_model_name(tuning),
        ),
        account_sid=token.account_sid or settings.TWILIO_ACCOUNT_SID,
        longest_call_s=settings.MAX_CALL_S,
        opened_ms=now_ms(),
        base_ms=base_ms,
        first_number=token.stream_index * NUMBERS_A_STREAM + 1,
        vad=vad,
        requests=recognition.requests,
        half_closing=recognition.streaming.half_closing,
        make_canceller=services.echo_cancellers.make if cancels else None,
    )
    if tuning.vad_engine == "silero" and vad is None:
        session.counters["silero_not_ready"] += 1
    return session
