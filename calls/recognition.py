"""This process's engine: made from the settings, asked once which model hears Hebrew, shared by all calls."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from random import Random

from django.conf import settings

from stt.breaker import Breaker
from stt.events import Final, RecognizerError
from stt.google import GoogleOptions, GoogleSpeech, GoogleStream
from stt.recognizers import Deliver
from stt.requests import RequestRate
from stt.selection import DEFAULT, SttModel, choose_stt_model, v1_endpoint
from stt.tuning import Tuning

logger = logging.getLogger(__name__)

PROBE_PCM = bytes(8000)
"""Half a second of silence."""
PROBE_TIMEOUT_MS = 5000
PROBE_AGAIN_S = 2.0, 30.0
"""Pauses between probes until the engine has answered, from the first to the longest."""
ASK_AGAIN_MS = 400
LEAST_ANSWER_MS = 500
"""With less time than this it is not worth asking."""


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
        self.model: SttModel = DEFAULT
        self._certain = False
        self._probing = threading.Lock()
        self.probe_failure = ""
        """Code of the last model probe's error; empty while there was none."""

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

    def open_stream(self, tuning: Tuning) -> Callable[[Deliver], GoogleStream]:
        """A factory of streams for one call."""
        model, engine = self._model(tuning), self._engine(tuning)

        def open_one(deliver: Deliver) -> GoogleStream:
            self.requests.add(time.monotonic() * 1000)
            return engine.open_stream(deliver, model=model, hints=tuning.phrase_hints)

        return open_one

    def recognize(self, pcm: bytes, tuning: Tuning) -> Final:
        """One utterance of 8 kHz PCM16. Blocking. Raises RecognizerError.

        An engine that is away for a moment is asked again, while the turn's deadline leaves time for an answer.
        """
        until_s = time.monotonic() + tuning.stt_fallback_deadline_ms / 1000
        while True:
            left_ms = round((until_s - time.monotonic()) * 1000)
            self.requests.add(time.monotonic() * 1000)
            try:
                return self._engine(tuning).recognize(
                    pcm, model=self._model(tuning), timeout_ms=max(left_ms, 1), hints=tuning.phrase_hints
                )
            except RecognizerError as error:
                if error.permanent or left_ms < ASK_AGAIN_MS + LEAST_ANSWER_MS:
                    raise
                time.sleep(ASK_AGAIN_MS / 1000)

    def model_name(self, tuning: Tuning) -> str:
        return self._model(tuning).name

    def _engine(self, tuning: Tuning) -> GoogleSpeech:
        with self._engines_lock:
            engine = self._engines.get(tuning.endpoint)
            if engine is None:
                engine = self._elsewhere(tuning.endpoint) if self._elsewhere is not None else self.engine
                self._engines[tuning.endpoint] = engine
            return engine

    def _model(self, tuning: Tuning) -> SttModel:
        return SttModel(tuning.model, enhanced=True) if tuning.model else self.model


_recognition: Recognition | None = None
_lock = threading.Lock()


def recognition() -> Recognition:
    """This process's one, made at the first asking."""
    global _recognition
    with _lock:
        if _recognition is None:
            _recognition = Recognition(_google(settings.GOOGLE_CLOUD_SPEECH_ENDPOINT), _google)
        return _recognition


def _google(endpoint: str) -> GoogleSpeech:
    host, warning = v1_endpoint(endpoint)
    if warning:
        logger.warning("%s", warning)
    return GoogleSpeech(GoogleOptions(endpoint=host, emulator=settings.STT_EMULATOR_HOST))


def _ignore(_: Final) -> None:
    """The probe asks whether, not what."""
