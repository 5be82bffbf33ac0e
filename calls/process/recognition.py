"""This process's engine: made from the settings, asked once which model hears Hebrew, shared by all calls."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from random import Random

from django.conf import settings

from stt.engines.base import Deliver, StreamEvent
from stt.engines.breaker import Breaker
from stt.engines.google import GoogleOptions, GoogleSpeech, GoogleStream
from stt.engines.google_models import DEFAULT, SttModel, choose_stt_model, v1_endpoint
from stt.engines.request_rate import RequestRate
from stt.engines.waivers import Asked, Waivers
from stt.events import Final, Interim, RecognizerError, StreamClosed
from stt.tuning import Tuning
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

PROBE_PCM = bytes(8000)
"""Half a second of silence."""
PROBE_TIMEOUT_MS = 5000
PROBE_AGAIN_S = 2.0, 30.0
"""Pauses between probes until the engine has answered, from the first to the longest."""
ASK_AGAIN_MS = 400
LEAST_ANSWER_MS = 500
"""With less time than this it is not worth asking."""
OnWaived = Callable[[tuple[str, ...]], None]
"""Told with codes of stt/engines/waivers.py, as often as it is so, when a call is heard without some of its settings:
on the loop by a stream, on its thread by a one-shot."""


class Recognition:
    """Opens streams and recognises utterances with the engine and model in use."""

    def __init__(self, engine: GoogleSpeech, elsewhere: Callable[[str], GoogleSpeech] | None = None) -> None:
        """``elsewhere`` makes an engine for another endpoint than the environment's."""
        self.engine = engine
        self._elsewhere = elsewhere
        self._engines: dict[str, GoogleSpeech] = {"": engine}
        self._engines_lock = threading.Lock()
        self.breaker = Breaker(Random())
        """Shared by all calls: what one has found out, the others need not ask."""
        self.requests = RequestRate()
        self.waivers = Waivers()
        self.model: SttModel = DEFAULT
        self._certain = False
        self._probing = threading.Lock()
        self.probe_failure = ""
        """Code of the last model probe's error; empty while there was none."""

    @property
    def engine_name(self) -> str:
        """As rows have it."""
        return self.engine.name

    @property
    def trouble(self) -> str:
        """Code of why the next call would not be heard by a stream; empty while nothing speaks against it."""
        return self.probe_failure or ("breaker_open" if self.breaker.open else "")

    def probe(self) -> None:
        """Choose the model. Blocking, any thread; a choice that the engine confirmed is kept for good."""
        with self._probing:
            if self._certain:
                return
            choice = choose_stt_model(
                lambda model: _ignore(self.engine.recognize(PROBE_PCM, model=model, timeout_ms=PROBE_TIMEOUT_MS))
            )
            self.model, self._certain = choice.model, choice.certain
            self.probe_failure = choice.error.code if choice.error is not None else ""

    def keep_probing(self) -> None:
        """Probe until the engine has answered. Blocking: a thread's whole work."""
        self.probe()
        pause_s, longest_s = PROBE_AGAIN_S
        while not self._certain:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)
            self.probe()

    def open_stream(self, tuning: Tuning, on_waived: OnWaived = lambda _: None) -> Callable[[Deliver], GoogleStream]:
        """A factory of streams for one call."""
        engine = self._engine(tuning)

        def open_one(deliver: Deliver) -> GoogleStream:
            self.requests.add(time.monotonic() * 1000)
            asked = self.waivers.asked(tuning, self.model)
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

            return engine.open_stream(look, model=asked.model, hints=asked.hints)

        return open_one

    def recognize(self, pcm: bytes, tuning: Tuning, on_waived: OnWaived = lambda _: None) -> Final:
        """One utterance of 8 kHz PCM16. Blocking. Raises RecognizerError.

        An engine that is away for a moment is asked again, while the turn's deadline leaves time for an answer; one
        that refuses a setting at once, without it.
        """
        until_s = time.monotonic() + tuning.stt_fallback_deadline_ms / 1000
        while True:
            left_ms = round((until_s - time.monotonic()) * 1000)
            self.requests.add(time.monotonic() * 1000)
            asked = self.waivers.asked(tuning, self.model)
            try:
                final = self._engine(tuning).recognize(
                    pcm, model=asked.model, timeout_ms=max(left_ms, 1), hints=asked.hints
                )
                if asked.waived:
                    on_waived(asked.waived)
                return final
            except RecognizerError as error:
                if self._asks_for_less(tuning, asked, error):
                    continue
                if error.permanent or left_ms < ASK_AGAIN_MS + LEAST_ANSWER_MS:
                    raise
                time.sleep(ASK_AGAIN_MS / 1000)

    def _asks_for_less(self, tuning: Tuning, asked: Asked, error: RecognizerError | None) -> bool:
        """The engine has refused a request for its settings, and there is one left to waive."""
        if error is None or not error.refused or not self.waivers.refused(tuning, asked):
            return False
        metrics.SETTINGS_REFUSED.inc()
        waived = self.waivers.asked(tuning, self.model).waived
        logger.warning(
            "profile %s was refused (%s); asking again: %s", tuning.profile, error.message, ", ".join(waived)
        )
        return True

    def model_name(self, tuning: Tuning) -> str:
        return self.waivers.asked(tuning, self.model).model.name

    def _engine(self, tuning: Tuning) -> GoogleSpeech:
        with self._engines_lock:
            engine = self._engines.get(tuning.endpoint)
            if engine is None:
                engine = self._elsewhere(tuning.endpoint) if self._elsewhere is not None else self.engine
                self._engines[tuning.endpoint] = engine
            return engine


def recognition_of_settings() -> Recognition:
    """Google's, as the environment says."""
    return Recognition(_google(settings.GOOGLE_CLOUD_SPEECH_ENDPOINT), _google)


def _google(endpoint: str) -> GoogleSpeech:
    host, warning = v1_endpoint(endpoint)
    if warning:
        logger.warning("%s", warning)
    return GoogleSpeech(GoogleOptions(endpoint=host, emulator=settings.STT_EMULATOR_HOST))


def _ignore(_: Final) -> None:
    """The probe asks whether, not what."""
