"""The one-shot recognisers of a line, one after the other within one deadline: the first that answers is heard."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stt.engines.base import UtterancePcm
from stt.engines.guarded import GuardedEngine, OnWaived
from stt.events import EMULATOR_UNKNOWN, Final, RecognizerError
from stt.tuning import Tuning

NO_ONE_SHOT = "no_one_shot"
"""None of the line's engines recognises single utterances."""


@dataclass(frozen=True, slots=True)
class OneShotAnswer:
    """What an utterance was heard as, and by whom."""

    final: Final
    engine: str
    """As rows call it."""
    model: str


def recognize_by(
    engines: Sequence[GuardedEngine],
    pcm: bytes,
    tuning_of: Callable[[GuardedEngine], Tuning],
    on_waived: OnWaived = lambda _: None,
) -> OneShotAnswer:
    """One utterance of 8 kHz PCM16. Blocking, any thread. Raises the last engine's RecognizerError.

    In the line's order, but last those that have failed lately, and of each kind the one that ``pcm`` avoids. Each may
    take its part of what is left of the deadline: one that hangs leaves time for the next. ``tuning_of``: the call's
    settings, as this engine is asked.
    """
    now_s = time.monotonic()
    avoided = pcm.avoids if isinstance(pcm, UtterancePcm) else ""
    ordered = sorted(engines, key=lambda engine: (engine.one_shot_health.rests(now_s), engine.name == avoided))
    if not ordered:
        raise RecognizerError(NO_ONE_SHOT, permanent=True)
    until_s = now_s + tuning_of(ordered[0]).stt_fallback_deadline_ms / 1000
    error: RecognizerError
    for at, engine in enumerate(ordered):
        tuning, others = tuning_of(engine), len(ordered) - at - 1
        within_ms = max(1, round((until_s - time.monotonic()) * 1000 / (others + 1)))
        try:
            final = engine.recognize(pcm, tuning, on_waived, within_ms=within_ms, patient=not others)
        except RecognizerError as failed:
            error = failed
            if not failed.refused and failed.code != EMULATOR_UNKNOWN:
                engine.one_shot_health.failed(time.monotonic())
        else:
            engine.one_shot_health.heard(time.monotonic())
            return OneShotAnswer(final, engine.name, engine.model_name(tuning))
    raise error
