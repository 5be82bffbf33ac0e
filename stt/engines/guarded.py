"""GuardedEngine: an engine with what one process knows of it, so that calls neither overwhelm it nor fail by it.

Owns what every engine needs once, beside its streams (stt/streaming/): the circuit breaker, the count of requests, the
settings that it refuses, asking again within a deadline, and the probe of its service.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from random import Random

from stt.engines.base import Deliver, Engine, OpenStream, StreamEvent, StreamingRecognizer
from stt.engines.engine_health import EngineHealth
from stt.engines.half_close import HalfClosing
from stt.engines.request_rate import RequestRate
from stt.engines.result_gaps import ResultGaps
from stt.engines.waivers import Asked, Waivers
from stt.events import Final, Interim, RecognizerError, StreamClosed
from stt.tuning import Tuning
from voiceapp.runtime import metrics
from voiceapp.runtime.breaker import Breaker

logger = logging.getLogger(__name__)

ASK_AGAIN_MS = 400
MIN_ANSWER_MS = 500
"""With less time than this it is not worth asking."""
OnWaived = Callable[[tuple[str, ...]], None]
"""Told with codes of stt/engines/waivers.py, as often as it is so, when a call is heard without some of its settings:
on the loop by a stream, on its thread by a one-shot."""


class GuardedEngine:
    """One engine, at whatever endpoint a call's settings name. Any thread, but for ``open_stream``."""

    def __init__(self, engine_at: Callable[[str], Engine]) -> None:
        """``engine_at`` makes the engine for an endpoint; "" is the configured one."""
        self.engine = engine_at("")
        self._engine_at = engine_at
        self._engines = {"": self.engine}
        self._engines_lock = threading.Lock()
        self.breaker = Breaker(Random())
        """Shared by all calls: what one has found out, the others need not ask."""
        self.health = EngineHealth()
        """Of its streams, where lines have other engines beside it."""
        self.one_shot_health = EngineHealth()
        """The same of its one-shots."""
        self.requests = RequestRate()
        self.half_closing = HalfClosing(Random())
        """Whether asking its streams for finals pays."""
        self.result_gaps = ResultGaps()
        """How long its streams usually say nothing."""
        self.waivers = Waivers()
        self.probed = False
        """Its service has answered."""
        self.probe_failure = ""
        """Code of the last probe's error; empty while there was none."""
        self._probing = threading.Lock()

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def trouble(self) -> str:
        """Code of why the next call would not be heard by a stream; empty while nothing speaks against it."""
        return self.probe_failure or ("breaker_open" if self.breaker.open else "")

    def probe(self) -> None:
        """Ask the service whether it recognises. Blocking; once it has answered it is not asked again."""
        with self._probing:
            if self.probed:
                return
            try:
                self.engine.probe()
            except RecognizerError as error:
                self.probe_failure = error.code
            else:
                self.probed, self.probe_failure = True, ""

    def model_name(self, tuning: Tuning) -> str:
        """The model that hears a call with these settings."""
        return self.waivers.asked(tuning).options.model or self.engine.model

    def open_stream(self, tuning: Tuning, on_waived: OnWaived = lambda _: None) -> OpenStream:
        """A factory of streams for one call."""
        engine = self._engine(tuning)

        def open_one(deliver: Deliver) -> StreamingRecognizer:
            self.requests.add(time.monotonic() * 1000)
            asked = self.waivers.asked(tuning)
            heard = False

            def look(event: StreamEvent) -> None:
                nonlocal heard
                if isinstance(event, Interim | Final):
                    if asked.waived and not heard:
                        on_waived(asked.waived)
                    heard = True
                elif isinstance(event, StreamClosed) and not heard and self._asks_for_less(tuning, asked, event.error):
                    # What comes next asks for less: worth another attempt.
                    event = StreamClosed(event.stream, RecognizerError("setting_refused"))
                deliver(event)

            return engine.open_stream(look, asked.options)

        return open_one

    def recognize(
        self,
        pcm: bytes,
        tuning: Tuning,
        on_waived: OnWaived = lambda _: None,
        *,
        within_ms: int | None = None,
        patient: bool = True,
    ) -> Final:
        """One utterance of 8 kHz PCM16. Blocking. Raises RecognizerError.

        An engine that is away for a moment is asked again, while the turn's deadline leaves time for an answer; one
        that refuses a setting at once, without it. ``within_ms``: None for the whole of the deadline. ``patient``:
        False where another engine can be asked instead of this one again.
        """
        until_s = time.monotonic() + (within_ms or tuning.stt_fallback_deadline_ms) / 1000
        while True:
            left_ms = round((until_s - time.monotonic()) * 1000)
            self.requests.add(time.monotonic() * 1000)
            asked = self.waivers.asked(tuning)
            try:
                final = self._engine(tuning).recognize(pcm, asked.options, max(left_ms, 1))
                if asked.waived:
                    on_waived(asked.waived)
                return final
            except RecognizerError as error:
                if self._asks_for_less(tuning, asked, error):
                    continue
                if error.permanent or not patient or left_ms < ASK_AGAIN_MS + MIN_ANSWER_MS:
                    raise
                time.sleep(ASK_AGAIN_MS / 1000)

    def _asks_for_less(self, tuning: Tuning, asked: Asked, error: RecognizerError | None) -> bool:
        """The engine has refused a request for its settings, and there is one left to waive."""
        if error is None or not error.refused or not self.waivers.refused(tuning, asked):
            return False
        metrics.SETTINGS_REFUSED.inc()
        waived = self.waivers.asked(tuning).waived
        logger.warning(
            "profile %s was refused (%s); asking again: %s", tuning.profile, error.message, ", ".join(waived)
        )
        return True

    def _engine(self, tuning: Tuning) -> Engine:
        with self._engines_lock:
            engine = self._engines.get(tuning.endpoint)
            if engine is None:
                engine = self._engines[tuning.endpoint] = self._engine_at(tuning.endpoint)
            return engine
