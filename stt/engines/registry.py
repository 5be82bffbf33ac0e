"""EngineRegistry and Recognition: which engines a process has, and which of them hears calls.

The engine of the streams and the one-shot recogniser are chosen apart: one engine can rescue another's utterance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from stt.engines.base import Engine, OpenStream
from stt.engines.breaker import Breaker
from stt.engines.guarded import GuardedEngine, OnWaived
from stt.engines.request_rate import RequestRate
from stt.events import Final
from stt.tuning import BOUNDS, Tuning
from voiceapp.runtime.coded_error import CodedError

PROBE_PAUSES_S = 2.0, 30.0
"""Pauses between probes until the engines have answered, from the first to the longest."""
RENEW_MARGIN_S = 5
"""A stream is renewed at the latest this long before its engine would end it."""


class EngineError(CodedError, ValueError):
    """No such engine can be used: ``unknown_engine`` | ``no_streaming`` | ``no_one_shot``."""


class EngineRegistry:
    """The engines of one process by their names, each made at most once and guarded alone. One thread."""

    def __init__(self, engines: Mapping[str, Callable[[str], Engine]]) -> None:
        """``engines``: for each name what GuardedEngine takes."""
        self._makers = dict(engines)
        self._guarded: dict[str, GuardedEngine] = {}

    def guarded(self, name: str) -> GuardedEngine:
        """The engine of this name: the same one whoever asks. Raises EngineError."""
        if name not in self._makers:
            known = ", ".join(sorted(self._makers))
            raise EngineError("unknown_engine", f"There is no engine {name!r}; there are: {known}")
        if name not in self._guarded:
            self._guarded[name] = GuardedEngine(self._makers[name])
        return self._guarded[name]

    def recognition(self, *, streaming: str, one_shot: str) -> Recognition:
        """What calls are heard with. Raises EngineError, also where an engine cannot do what it is chosen for."""
        return Recognition(self.guarded(streaming), self.guarded(one_shot))


class Recognition:
    """The recognition of all calls of a process: an engine for their streams, and one for single utterances."""

    def __init__(self, streaming: GuardedEngine, one_shot: GuardedEngine | None = None) -> None:
        """``one_shot``: None for the same one. Raises EngineError."""
        self.streaming = streaming
        self.one_shot = one_shot or streaming
        if not self.streaming.engine.capabilities.streaming:
            raise EngineError("no_streaming", f"{self.streaming.name} recognises no streams")
        if not self.one_shot.engine.capabilities.one_shot:
            raise EngineError("no_one_shot", f"{self.one_shot.name} recognises no single utterances")

    @property
    def engine_name(self) -> str:
        """Of the streams' engine, for a call's rows."""
        return self.streaming.name

    @property
    def one_shot_name(self) -> str:
        """Of the one-shot recogniser, for the rows of what it alone has heard."""
        return self.one_shot.name

    @property
    def breaker(self) -> Breaker:
        """Of the streams."""
        return self.streaming.breaker

    @property
    def requests(self) -> RequestRate:
        """Of the streams' engine."""
        return self.streaming.requests

    @property
    def probe_failure(self) -> str:
        return self.streaming.probe_failure

    @property
    def trouble(self) -> str:
        """Code of why the next call would not be heard by a stream; empty while nothing speaks against it."""
        return self.streaming.trouble

    def probe(self) -> None:
        """Ask the engines' services whether they recognise. Blocking, any thread."""
        self.streaming.probe()
        if self.one_shot is not self.streaming:
            self.one_shot.probe()

    def keep_probing(self) -> None:
        """Probe until each has answered. Blocking: a thread's whole work."""
        self.probe()
        pause_s, longest_s = PROBE_PAUSES_S
        while not (self.streaming.probed and self.one_shot.probed):
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)
            self.probe()

    def model_name(self, tuning: Tuning) -> str:
        """The model that hears the streams of a call with these settings."""
        return self.streaming.model_name(tuning)

    def one_shot_model_name(self, tuning: Tuning) -> str:
        """The model that hears single utterances of such a call."""
        return self.one_shot.model_name(self._of_one_shot(tuning))

    def open_stream(self, tuning: Tuning, on_waived: OnWaived = lambda _: None) -> OpenStream:
        """A factory of streams for one call. On the event loop's thread."""
        return self.streaming.open_stream(tuning, on_waived)

    def recognize(self, pcm: bytes, tuning: Tuning, on_waived: OnWaived = lambda _: None) -> Final:
        """One utterance of 8 kHz PCM16. Blocking, any thread. Raises RecognizerError."""
        return self.one_shot.recognize(pcm, self._of_one_shot(tuning), on_waived)

    def _of_one_shot(self, tuning: Tuning) -> Tuning:
        # Model and endpoint are names of the streams' engine.
        return tuning if self.one_shot is self.streaming else replace(tuning, model="", endpoint="")

    def bounded(self, tuning: Tuning) -> Tuning:
        """The settings within what the streams' engine can: it is asked for no final that it would not hasten, and a
        stream is renewed before the engine ends it."""
        can = self.streaming.engine.capabilities
        if not can.half_close:
            tuning = replace(tuning, half_close_ms=0)
        latest_s = None if can.longest_stream_s is None else int(can.longest_stream_s - RENEW_MARGIN_S)
        if latest_s is not None and tuning.renew_latest_s > latest_s:
            least_s = BOUNDS["renew_after_s"].low
            after_s = max(least_s, min(tuning.renew_after_s, latest_s - RENEW_MARGIN_S))
            tuning = replace(tuning, renew_after_s=after_s, renew_latest_s=max(latest_s, after_s + 1))
        return tuning
